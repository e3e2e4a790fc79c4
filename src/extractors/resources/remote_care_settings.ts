import { bigint, boolean, json, stamped } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const remoteCareSettings = defineResource({
  name: 'remote_care_settings',
  description: 'Remote care configuration of a location: default staff and the self-scheduling settings in use.',
  strategy: { kind: 'full' },
  scope: 'location',
  reads: [{ operation: 'getRemoteCareSetting', scope: 'location', absentOn404: true }],
  key: ['location_id'],
  fields: {
    id: bigint('operational'),
    locationId: bigint('operational'),
    active: boolean('operational'),
    defaultStaffId: bigint('operational'),
    selfSchedulingSettingIds: json('operational'),
    ...stamped,
  },
});
