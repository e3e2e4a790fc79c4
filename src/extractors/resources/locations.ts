import { bigint, boolean, instant, json, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

export const locations = defineResource({
  name: 'locations',
  description: 'Places of an account, active and inactive; most resources hang under one.',
  strategy: { kind: 'full' },
  scope: 'account',
  holdsLocations: true,
  reads: [{ operation: 'listLocations', scope: 'account', listKey: 'locations', paginated: true }],
  get: { operation: 'getLocation', param: 'locationId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    active: boolean('operational'),
    storeId: text('operational'),
    phoneNumber: text('operational'),
    timeZone: text('operational'),
    address: json('operational', { members: members('address1', 'address2', 'city', 'state', 'postalCode') }),
    createdAt: instant('operational'),
    updatedAt: instant('operational'),
  },
});
