/**
 * The fields that may be written to Lobbie, by the contract (`PatientCreate`, `PatientUpdate`, `AppointmentCreate`,
 * `AppointmentUpdate`). This is plain data, from which checks, comparisons and settings are derived.
 */

export const WRITABLE_RESOURCES = ['patients', 'appointments'] as const;
export type WritableResource = (typeof WRITABLE_RESOURCES)[number];
export const WRITE_OPERATIONS = ['create', 'update', 'delete'] as const;
export type WriteOperation = (typeof WRITE_OPERATIONS)[number];

/** Statuses of an outbox row, in the order in which they are displayed. */
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

/** The kind of a value: it decides how the value is checked and when two values mean the same. */
export type WritableKind = 'name' | 'text' | 'email' | 'phone' | 'birthday' | 'id' | 'patient' | 'instant' | 'status';

export interface WritableField {
  readonly kind: WritableKind;
  /** Whether a create requires the field; undefined: a create does not accept it. */
  readonly create?: 'required' | 'optional';
  /** Whether an update accepts the field. */
  readonly update: boolean;
  /** Whether the field may be set to null: the contract allows null in answers, and the record makes sense without the field. */
  readonly clearable: boolean;
  /** Other accepted names of the field. */
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

/** Statuses that an update accepts; answers may have two more. */
export const APPOINTMENT_STATUSES = [
  'SCHEDULED',
  'CONFIRMED',
  'CHECKED_IN',
  'IN_TREATMENT',
  'CHECKED_OUT',
  'CANCELLED',
  'NO_SHOW',
] as const;

/** Statuses of a visit that does not take place. A search for a booking does not accept such a visit as a certain match. */
export const OVER_STATUSES: ReadonlySet<string> = new Set(['CANCELLED', 'NO_SHOW', 'RESCHEDULED', 'VOIDED']);

/**
 * The two forms of the body of createAppointment in Lobbie's documents (contract/FACTS.md): `listing` is that of the operation
 * list, `self-scheduling` that of the self-scheduling page.
 */
export const APPOINTMENT_BODIES = ['listing', 'self-scheduling'] as const;
export type AppointmentBody = (typeof APPOINTMENT_BODIES)[number];

/** The fields of an appointment in the self-scheduling form. */
export const SELF_SCHEDULING_FIELDS: WritableFields = {
  ...WRITABLE.appointments,
  patientId: { kind: 'patient', create: 'optional', update: false, clearable: false },
  schedulerConfigId: { kind: 'id', create: 'required', update: false, clearable: false },
};

/** The fields of a resource; for appointments in the form that the settings choose. */
export function writableFields(resource: WritableResource, body: AppointmentBody): WritableFields {
  return resource === 'appointments' && body === 'self-scheduling' ? SELF_SCHEDULING_FIELDS : WRITABLE[resource];
}

/** Who decides when both sides changed a field: the outbox, Lobbie, or a person. */
export type ConflictPolicy = 'ours' | 'theirs' | 'ask';
