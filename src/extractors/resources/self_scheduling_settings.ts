import { bigint, boolean, integer, json, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

/** There is no list of these: their ids are found in the remote care settings. */
export const selfSchedulingSettings = defineResource({
  name: 'self_scheduling_settings',
  description: 'Booking rules of the self-scheduling widgets that remote care settings refer to.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [
    {
      operation: 'getSetting',
      scope: 'account',
      absentOn404: true,
      parent: {
        resource: 'remote_care_settings',
        param: 'selfSchedulingSettingId',
        column: 'id',
        idsIn: 'self_scheduling_setting_ids',
      },
    },
  ],
  get: { operation: 'getSetting', param: 'selfSchedulingSettingId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    active: boolean('operational'),
    appointmentTypeIds: json('operational'),
    appointmentTypeSelectable: boolean('operational'),
    appointmentTypeVisible: boolean('operational'),
    fixedAppointmentTypeId: bigint('operational'),
    locationIds: json('operational'),
    locationSelectable: boolean('operational'),
    locationVisible: boolean('operational'),
    fixedLocationId: bigint('operational'),
    practitionerIds: json('operational'),
    forwardBookingLimit: integer('operational'),
    forwardBookingLimitActive: boolean('operational'),
    forwardBookingLimitUnit: text('operational'),
    afterwardBookingLimit: integer('operational'),
    afterwardBookingLimitActive: boolean('operational'),
    afterwardBookingLimitUnit: text('operational'),
    practitionerSelectable: boolean('operational'),
    practitionerVisible: boolean('operational'),
    verificationMethod: text('operational'),
    schedulerConfigs: json('operational', {
      members: members('id', 'practitionerId', 'locationIds', 'appointmentTypeIds', 'active'),
    }),
  },
});
