import { bigint, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const roleGroups = defineResource({
  name: 'role_groups',
  description: 'Permission sets for staff; their ids are the same in every account.',
  strategy: { kind: 'full' },
  scope: 'global',
  reads: [{ operation: 'listRoleGroups', scope: 'global', listKey: 'roleGroups' }],
  get: { operation: 'getRoleGroup', param: 'roleGroupId' },
  fields: { id: bigint('operational'), name: text('operational'), description: text('operational') },
});
