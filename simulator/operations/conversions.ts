import type { Row } from '../data/types.ts';
import { nextId, type Session } from '../world.ts';
import { type Answer, accountOf, type Call, missing, nowText, one } from './call.ts';

const FIELDS = ['patient', 'serviceIds', 'selfSchedulingAttemptIds'];

function sessionOf(call: Call): Session {
  accountOf(call);
  const id = call.params['id'] as number;
  const session = call.world.sessions.get(`conversions:${String(call.params['locationId'])}:${String(id)}`);
  if (session === undefined) throw missing('Conversion', id);
  return session;
}

function given(body: Row): Row {
  return Object.fromEntries(FIELDS.filter((field) => body[field] !== undefined).map((field) => [field, body[field]]));
}

/** A conversion goes on with a patient's data and is done once a booking journey has a visit. */
function statusOf(call: Call, row: Row): string {
  const attempts = (row['selfSchedulingAttemptIds'] ?? []) as number[];
  const booked = attempts.some(
    (id) =>
      call.world.sessions.get(`attempts:${String(call.params['accountId'])}:${String(id)}`)?.row['appointmentId'] !==
      undefined,
  );
  if (booked) return 'CONVERTED';
  return row['patient'] !== null || attempts.length > 0 ? 'IN_PROGRESS' : 'STARTED';
}

/** POST …/remote-care/conversion */
export function createConversion(call: Call): Answer {
  accountOf(call);
  const id = nextId(call.world, 'conversions');
  const row: Row = {
    id,
    locationId: call.params['locationId'],
    status: 'STARTED',
    patientId: null,
    patient: null,
    serviceIds: [],
    selfSchedulingAttemptIds: [],
    ...given(call.body),
    createdAt: nowText(call),
    updatedAt: nowText(call),
  };
  row['status'] = statusOf(call, row);
  call.world.sessions.set(`conversions:${String(call.params['locationId'])}:${String(id)}`, { row, sentTo: new Set() });
  return one({ ...row }, 201);
}

/** GET …/remote-care/conversion/{id} */
export function getConversion(call: Call): Answer {
  const { row } = sessionOf(call);
  return one({ ...row, status: statusOf(call, row) });
}

/** PUT …/remote-care/conversion/{id} */
export function updateConversion(call: Call): Answer {
  const { row } = sessionOf(call);
  const fields = given(call.body);
  if (typeof fields['patient'] === 'object' && fields['patient'] !== null)
    fields['patient'] = { ...(row['patient'] as Row | null), ...(fields['patient'] as Row) };
  Object.assign(row, fields, { updatedAt: nowText(call) });
  return one({ ...row, status: statusOf(call, row) });
}
