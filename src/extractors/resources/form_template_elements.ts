import { bigint, boolean, integer, json, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

export const formTemplateElements = defineResource({
  name: 'form_template_elements',
  description: 'Fields and display parts of form templates.',
  strategy: { kind: 'children' },
  scope: 'location',
  sharedByLocations: true,
  reads: [
    {
      operation: 'getFormTemplateElements',
      scope: 'location',
      listKey: 'elements',
      parent: { resource: 'form_templates', param: 'formTemplateId', column: 'form_template_id' },
    },
  ],
  context: ['form_template_id'],
  fields: {
    id: bigint('operational'),
    formTemplateId: bigint('operational'),
    label: text('operational'),
    fieldType: text('operational'),
    required: boolean('operational'),
    sortOrder: integer('operational'),
    attributeName: text('operational'),
    options: json('operational', { members: members('label', 'value') }),
    visibility: text('operational'),
    editableBy: text('operational'),
  },
});
