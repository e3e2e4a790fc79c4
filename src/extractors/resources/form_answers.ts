import { bigint, json, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const formAnswers = defineResource({
  name: 'form_answers',
  description: 'Answers to the elements of a form. Selected options go before the value when there are any.',
  strategy: { kind: 'embedded' },
  scope: 'location',
  reads: [],
  key: ['form_id', 'form_element_id'],
  context: ['form_id', 'form_packet_id'],
  fields: {
    formElementId: bigint('operational'),
    label: text('clinical'),
    fieldType: text('operational'),
    attributeName: text('operational'),
    value: text('direct'),
    selectedOptions: json('clinical'),
  },
});
