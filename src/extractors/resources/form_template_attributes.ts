import { bigint, text } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { surrogateId } from '../surrogate.ts';

export const formTemplateAttributes = defineResource({
  name: 'form_template_attributes',
  description: 'Named mappings of template fields. A negative id means that the API sent none.',
  strategy: { kind: 'children' },
  scope: 'location',
  sharedByLocations: true,
  reads: [
    {
      operation: 'getFormTemplateAttributes',
      scope: 'location',
      listKey: 'attributes',
      parent: { resource: 'form_templates', param: 'formTemplateId', column: 'form_template_id' },
    },
  ],
  context: ['form_template_id'],
  // The contract's identity of a row without an id is template and name.
  surrogateId: ({ record, context }) => {
    const name = record['name'] ?? record['attributeName'];
    return typeof name === 'string' ? surrogateId([context['form_template_id'] ?? '', name]) : undefined;
  },
  fields: {
    id: bigint('operational'),
    name: text('operational', { aliases: ['attributeName'] }),
    formElementId: bigint('operational'),
    label: text('operational'),
    fieldType: text('operational'),
  },
});
