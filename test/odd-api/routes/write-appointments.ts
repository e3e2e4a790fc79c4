import type { Answer, Call } from '../http/call.ts';
import { answer, Refusal } from '../http/call.ts';
import { render } from '../wire/render.ts';
import type { Entry, Row } from '../world/collection.ts';
import type { Kind } from '../world/world.ts';
import { instantInput } from './instant-input.ts';
import { bodyOf } from './write-patients.ts';

const SETTABLE = ['SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_TREATMENT', 'CHECKED_OUT', 'CANCELLED', 'NO_SHOW'];

function refer(call: Call, kind: Kind, value: unknown): number {
  const entry = typeof value === 'number' ? call.world[kind].find(value) : undefined;
  if (entry === undefined || entry.home.accountId !== call.params['accountId']) {
    throw new Refusal(400, `no such entry in ${kind}`);
  }
  return entry.key;
}

function times(startTime: string, durationMinutes: number): Row {
  return { startTime, endTime: new Date(Date.parse(startTime) + durationMinutes * 60_000).toISOString() };
}

function shown(call: Call, status: number, key: number): Answer {
  const entry = call.world.appointments.find(key) as Entry;
  return answer(status, render(call.world, 'appointments', entry, entry.row, true));
}

export function createAppointment(call: Call): Answer {
  const body = bodyOf(call);
  const { accountId, locationId } = call.params;
  const appointmentTypeId = refer(call, 'appointmentTypes', body['appointmentTypeId']);
  const durationMinutes = Number(call.world.appointmentTypes.get(appointmentTypeId)['durationMinutes']);
  const stamp = new Date(call.now).toISOString();
  const key = call.world.appointments.add(
    {
      patientId: refer(call, 'patients', body['patientId']),
      practitionerId: refer(call, 'staff', body['practitionerId']),
      locationId,
      appointmentTypeId,
      ...times(instantInput(body['startTime'] ?? body['startDateTime']), durationMinutes),
      durationMinutes,
      status: 'SCHEDULED',
      note: typeof body['note'] === 'string' ? body['note'] : null,
      createdAt: stamp,
      updatedAt: stamp,
    },
    { accountId, locationId },
  );
  return shown(call, 201, key);
}

export function appointmentAt(call: Call): Entry {
  const entry = call.world.appointments.find(call.params['appointmentId'] ?? Number.NaN);
  if (entry === undefined || entry.home.locationId !== call.params['locationId'])
    throw new Refusal(404, 'no such visit');
  return entry;
}

export function updateAppointment(call: Call): Answer {
  const { key, row } = appointmentAt(call);
  const body = bodyOf(call);
  const changes: Row = {};
  if (body['startTime'] !== undefined) {
    Object.assign(changes, times(instantInput(body['startTime']), Number(row['durationMinutes'])));
  }
  if (body['practitionerId'] !== undefined) changes['practitionerId'] = refer(call, 'staff', body['practitionerId']);
  if (body['status'] !== undefined) {
    if (!SETTABLE.includes(String(body['status']))) throw new Refusal(400, 'status can not be set so');
    changes['status'] = body['status'];
  }
  if (body['note'] !== undefined) {
    if (typeof body['note'] !== 'string') throw new Refusal(400, 'note must be a text');
    changes['note'] = body['note'] === '' ? null : body['note'];
  }
  call.world.appointments.update(key, changes);
  return shown(call, 200, key);
}
