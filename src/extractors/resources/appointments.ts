import { bigint, instant, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const appointments = defineResource({
  name: 'appointments',
  description: 'Visits of patients with practitioners. They are never deleted: they end by status.',
  strategy: { kind: 'recent', days: 14, newestFirst: true, openStatuses: [] },
  scope: 'location',
  reads: [
    {
      operation: 'listAppointments',
      scope: 'location',
      listKey: 'appointments',
      paginated: true,
      window: { from: 'startDate', to: 'endDate', column: 'start_time' },
    },
  ],
  get: { operation: 'getAppointment', param: 'appointmentId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    practitionerId: bigint('operational'),
    locationId: bigint('operational'),
    appointmentTypeId: bigint('clinical'),
    startTime: instant('quasi'),
    endTime: instant('quasi'),
    durationMinutes: integer('operational'),
    status: text('operational'),
    note: text('clinical'),
    ...stamped,
  },
});
