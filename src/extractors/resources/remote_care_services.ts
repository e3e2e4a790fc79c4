import { bigint, boolean, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const remoteCareServices = defineResource({
  name: 'remote_care_services',
  description: 'Services offered for remote care at a location.',
  strategy: { kind: 'full' },
  scope: 'location',
  sharedByLocations: true,
  reads: [
    {
      operation: 'listServices',
      scope: 'location',
      listKey: 'services',
      listKeyAliases: ['remoteCareServices'],
      paginated: true,
    },
  ],
  get: { operation: 'getService', param: 'serviceId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    active: boolean('operational'),
    appointmentTypeId: bigint('operational'),
    priceCents: bigint('operational'),
    priceDisplay: text('operational'),
    sortOrder: integer('operational'),
    ...stamped,
  },
});
