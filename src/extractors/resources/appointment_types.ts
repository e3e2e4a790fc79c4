import { bigint, boolean, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const appointmentTypes = defineResource({
  name: 'appointment_types',
  description: 'Bookable services with their length and display settings.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [{ operation: 'listAppointmentTypes', scope: 'account', listKey: 'appointmentTypes', paginated: true }],
  get: { operation: 'getAppointmentType', param: 'appointmentTypeId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    instructions: text('operational'),
    durationMinutes: integer('operational'),
    telehealth: boolean('operational'),
    color: text('operational'),
    active: boolean('operational'),
    ...stamped,
  },
});
