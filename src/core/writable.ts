/**
 * What may be written to Lobbie, by the contract (`PatientCreate`, `PatientUpdate`, `AppointmentCreate`,
 * `AppointmentUpdate`). Plain data: checks, comparisons and settings are derived from it.
 */

export const WRITABLE_RESOURCES = ['patients', 'appointments'] as const;
export type WritableResource = (typeof WRITABLE_RESOURCES)[number];
export const WRITE_OPERATIONS = ['create', 'update', 'delete'] as const;
export type WriteOperation = (typeof WRITE_OPERATIONS)[number];

/** Statuses of a row of the outbox, in the order in which people want to see them. */
export const OUTBOX_STATUSES = [
  'pending',
  'in_flight',
  'in_doubt',
  'conflict',
  'rejected',
  'failed',
  'succeeded',
  'cancelled',
] as const;
export type OutboxStatus = (typeof OUTBOX_STATUSES)[number];

/** What a value has to be, and when two of them mean the same. */
export type WritableKind = 'name' | 'text' | 'email' | 'phone' | 'birthday' | 'id' | 'patient' | 'instant' | 'status';

export interface WritableField {
  readonly kind: WritableKind;
  /** `required` or `optional` where a create takes it. */
  readonly create?: 'required' | 'optional';
  /** Whether an update takes it. */
  readonly update: boolean;
  /** Whether null means something: the contract lets the answer be null, and the field is no one's name or place. */
  readonly clearable: boolean;
  /** Other names by which a writer may call it. */
  readonly aliases?: readonly string[];
}

export type WritableFields = Readonly<Record<string, WritableField>>;

export const WRITABLE: Readonly<Record<WritableResource, WritableFields>> = {
  patients: {
    firstName: { kind: 'name', create: 'required', update: true, clearable: false },
    lastName: { kind: 'name', create: 'required', update: true, clearable: false },
    dateOfBirth: { kind: 'birthday', create: 'optional', update: true, clearable: true },
    email: { kind: 'email', create: 'optional', update: true, clearable: true },
    gender: { kind: 'text', create: 'optional', update: true, clearable: true },
    mobilePhone: { kind: 'phone', create: 'optional', update: true, clearable: true },
  },
  appointments: {
    patientId: { kind: 'patient', create: 'required', update: false, clearable: false },
    practitionerId: { kind: 'id', create: 'required', update: true, clearable: false },
    appointmentTypeId: { kind: 'id', create: 'required', update: false, clearable: false },
    startTime: { kind: 'instant', create: 'required', update: true, clearable: false, aliases: ['startDateTime'] },
    note: { kind: 'text', create: 'optional', update: true, clearable: true },
    status: { kind: 'status', update: true, clearable: false },
  },
};

/** Statuses that an update takes; answers know two more. */
export const APPOINTMENT_STATUSES = [
  'SCHEDULED',
  'CONFIRMED',
  'CHECKED_IN',
  'IN_TREATMENT',
  'CHECKED_OUT',
  'CANCELLED',
  'NO_SHOW',
] as const;

/** Statuses of a visit that does not take place: a booking that is looked for is not one of those. */
export const OVER_STATUSES: ReadonlySet<string> = new Set(['CANCELLED', 'NO_SHOW', 'RESCHEDULED', 'VOIDED']);

/**
 * The two forms in which the documents describe the body of createAppointment (contract/FACTS.md): that of the operation
 * list, and that of the stored page, which is the self-scheduling one.
 */
export const APPOINTMENT_BODIES = ['listing', 'self-scheduling'] as const;
export type AppointmentBody = (typeof APPOINTMENT_BODIES)[number];

/** Fields of a create beside those of {@link WRITABLE}, and what is required, under the self-scheduling form. */
export const SELF_SCHEDULING_FIELDS: WritableFields = {
  ...WRITABLE.appointments,
  patientId: { kind: 'patient', create: 'optional', update: false, clearable: false },
  schedulerConfigId: { kind: 'id', create: 'required', update: false, clearable: false },
};

/** The fields of a resource, `createAppointment` in the form that the settings choose. */
export function writableFields(resource: WritableResource, body: AppointmentBody): WritableFields {
  return resource === 'appointments' && body === 'self-scheduling' ? SELF_SCHEDULING_FIELDS : WRITABLE[resource];
}

/** Who decides when both sides changed a field: the outbox, Lobbie, or a person. */
export type ConflictPolicy = 'ours' | 'theirs' | 'ask';
