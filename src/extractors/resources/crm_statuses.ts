import { bigint, boolean, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const crmStatuses = defineResource({
  name: 'crm_statuses',
  description: 'Stages of the CRM status groups.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [
    {
      operation: 'listCrmStatuses',
      scope: 'account',
      listKey: 'crmStatuses',
      parent: { resource: 'crm_status_groups', param: 'groupId', column: 'group_id' },
    },
  ],
  get: { operation: 'getCrmStatus', param: 'statusId', parentParam: 'groupId' },
  context: ['group_id'],
  fields: {
    id: bigint('operational'),
    groupId: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    color: text('operational'),
    order: integer('operational', { aliases: ['sortOrder'] }),
    isTerminal: boolean('operational'),
    active: boolean('operational'),
    ...stamped,
  },
});
