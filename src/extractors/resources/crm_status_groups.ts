import { bigint, boolean, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const crmStatusGroups = defineResource({
  name: 'crm_status_groups',
  description: 'Reusable pipelines whose stages are CRM statuses.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [{ operation: 'listCrmStatusGroups', scope: 'account', listKey: 'crmStatusGroups' }],
  get: { operation: 'getCrmStatusGroup', param: 'groupId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    active: boolean('operational'),
    ...stamped,
  },
});
