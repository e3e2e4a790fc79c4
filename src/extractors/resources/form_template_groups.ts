import { bigint, boolean, json, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** The contract has two paths for these bundles and does not say whether they agree. The second only adds what the first lacks. */
export const formTemplateGroups = defineResource({
  name: 'form_template_groups',
  description: 'Bundles of form templates that are assigned together.',
  strategy: { kind: 'full' },
  scope: 'location',
  sharedByLocations: true,
  reads: [
    { operation: 'listFormTemplateGroups', scope: 'location', listKey: 'formTemplateGroups' },
    { operation: 'listFormTemplateGroups1', scope: 'location', listKey: 'formTemplateGroups', secondary: true },
  ],
  get: { operation: 'getFormTemplateGroup', param: 'groupId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    active: boolean('operational'),
    formTemplateIds: json('operational'),
    ...stamped,
  },
});
