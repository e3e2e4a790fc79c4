import { childRecords } from '../embedded.ts';
import { bigint, boolean, integer, json, text } from '../fields.ts';
import { membersOf } from '../members.ts';
import { defineResource, type ParentOptions } from '../resource.ts';
import { formAnswers } from './form_answers.ts';

const packet: ParentOptions = { resource: 'form_packets', param: 'formPacketId', column: 'form_packet_id' };

/**
 * Forms come only from the read of one packet by id: the list may carry them without answers, and two sources would keep changing
 * the same row.
 */
export const forms = defineResource({
  name: 'forms',
  description: 'Forms of the form packets.',
  strategy: { kind: 'children' },
  scope: 'location',
  reads: [
    {
      operation: 'getFormPacket',
      scope: 'location',
      query: { includeAnswers: true },
      parent: packet,
      carries: 'forms',
      carrier: (answer) => childRecords(answer, 'forms', answer.context),
      newer: {
        operation: 'getFormPacketForms',
        scope: 'location',
        listKey: 'forms',
        bareArray: true,
        parent: packet,
      },
    },
  ],
  context: ['form_packet_id'],
  fields: {
    id: bigint('quasi'),
    formTemplateId: bigint('operational'),
    formTemplateName: text('operational'),
    isComplete: boolean('operational'),
    status: text('operational'),
    completionPercentage: integer('operational'),
    answers: json('clinical', { members: membersOf(formAnswers.fields) }),
    mappedAnswers: json('direct'),
  },
  embeds: [
    {
      resource: 'form_answers',
      column: 'form_id',
      wholeWhen: { column: 'answers', holds: (text) => text?.startsWith('[') === true },
      extract: (form) =>
        childRecords(form, 'answers', { form_id: form.record['id'], form_packet_id: form.context['form_packet_id'] }),
    },
  ],
});
