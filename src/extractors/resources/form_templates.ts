import { bigint, boolean, integer, json, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const formTemplates = defineResource({
  name: 'form_templates',
  description: 'Reusable, versioned form designs. One template may be served under several locations.',
  strategy: { kind: 'full' },
  scope: 'location',
  sharedByLocations: true,
  reads: [{ operation: 'listFormTemplates', scope: 'location', listKey: 'formTemplates', paginated: true }],
  get: { operation: 'getFormTemplate', param: 'formTemplateId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    version: integer('operational'),
    active: boolean('operational'),
    staffOnly: boolean('operational'),
    appointmentTypeIds: json('operational'),
    ...stamped,
  },
});
