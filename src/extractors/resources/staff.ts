import { bigint, boolean, json, stamped, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

export const staff = defineResource({
  name: 'staff',
  description: 'Team members; practitioners are the staff who see patients.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [{ operation: 'listStaff', scope: 'account', listKey: 'staff', paginated: true }],
  get: { operation: 'getStaff', param: 'staffId' },
  fields: {
    id: bigint('operational'),
    firstName: text('operational'),
    lastName: text('operational'),
    email: text('operational'),
    active: boolean('operational'),
    isPractitioner: boolean('operational'),
    credentials: text('operational'),
    npi: text('operational'),
    specialties: json('operational'),
    licenses: json('operational', { members: members('number', 'state', 'expiresOn') }),
    locationIds: json('operational'),
    roleGroupIds: json('operational'),
    ...stamped,
  },
});
