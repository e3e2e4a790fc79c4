import type { Simulator } from '../../simulator/index.ts';
import { query } from './harness.ts';
import { type NewRow, type Stored, truthOf } from './push.ts';

/** One kind of write, for tests that go through all of them. */
export interface WriteKind {
  readonly name: string;
  /** The operation that carries it out, and the one that reads the record before; null where none does. */
  readonly write: string;
  readonly read: string | null;
  /** What the simulator's journal says of its effect. */
  readonly effect: RegExp;
  /** A row that no earlier one is like. */
  make(place: KindPlace): Promise<NewRow>;
}

/** Where rows are made for. */
export interface KindPlace {
  readonly simulator: Simulator;
  readonly databaseUrl: string;
}

let serial = 0;

/** A person whom nobody else is. */
export function newPerson() {
  serial += 1;
  const name = { firstName: `Given${serial}`, lastName: `Family${serial}` };
  return { ...name, dateOfBirth: '1975-02-03', email: `Person${serial}@example.com` };
}

async function anyVisit(url: string): Promise<Stored> {
  const visits = 'SELECT * FROM lobbie.appointments WHERE account_id = 1001 ORDER BY id LIMIT 1';
  return (await query<Stored>(url, visits))[0];
}

export const WRITE_KINDS: readonly WriteKind[] = [
  {
    name: 'a new patient',
    write: 'createPatient',
    read: null,
    effect: /^created patients /,
    make: async () => ({ operation: 'create', changes: newPerson() }),
  },
  {
    name: 'a new patient without an e-mail address',
    write: 'createPatient',
    read: null,
    effect: /^created patients /,
    make: async () => {
      const { email: _email, ...changes } = newPerson();
      return { operation: 'create', changes };
    },
  },
  {
    name: 'a booking',
    write: 'createAppointment',
    read: null,
    effect: /^created appointments /,
    make: async ({ databaseUrl }) => {
      serial += 1;
      const visit = await anyVisit(databaseUrl);
      const changes = {
        patientId: Number(visit.patient_id),
        practitionerId: Number(visit.practitioner_id),
        appointmentTypeId: Number(visit.appointment_type_id),
        startTime: new Date(Date.UTC(2027, 4, 3 + serial, 15)).toISOString(),
      };
      return { resource: 'appointments', operation: 'create', location: visit.location_id, changes };
    },
  },
  {
    name: 'an update of a patient',
    write: 'updatePatient',
    read: 'getPatient',
    effect: /^updated patients /,
    make: async ({ simulator }) => {
      serial += 1;
      const target = (await truthOf(simulator, 'patients'))[serial % 20].id;
      return { target, changes: { email: `changed${serial}@example.com` } };
    },
  },
  {
    name: 'an update of a visit',
    write: 'updateAppointment',
    read: 'getAppointment',
    effect: /^updated appointments /,
    make: async ({ databaseUrl }) => {
      serial += 1;
      const visit = await anyVisit(databaseUrl);
      return { resource: 'appointments', target: visit.id, changes: { note: `note ${serial}` } };
    },
  },
  {
    name: 'a delete',
    write: 'deletePatient',
    read: 'getPatient',
    effect: /^deleted patients /,
    make: async ({ simulator }) => ({ operation: 'delete', target: (await truthOf(simulator, 'patients')).at(-1).id }),
  },
];
