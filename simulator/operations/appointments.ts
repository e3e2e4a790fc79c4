import type { Account } from '../account.ts';
import type { Document, Operation, Schema } from '../contract.ts';
import type { Row } from '../data/types.ts';
import type { AppointmentBody } from '../options.ts';
import { parseSeconds } from '../time.ts';
import { note, type World } from '../world.ts';
import { type Answer, ApiError, accountOf, type Call, missing, nowText, one } from './call.ts';

/** Statuses of visits that take up their time no longer. */
const FREE = new Set(['CANCELLED', 'NO_SHOW', 'RESCHEDULED', 'VOIDED']);
const LONGEST = 4 * 3600;

/** A wish for a visit. */
export interface Booking {
  /** Null books the time for nobody yet. */
  patientId: number | null;
  practitionerId: number;
  appointmentTypeId: number;
  /** Ordinal of the location. */
  location: number;
  start: number;
  note: string | null;
}

/** Busy times of practitioners in all locations: [practitioner, from, to]. */
export function busyTimes(account: Account, from: number, to: number, except = -1): [number, number, number][] {
  const { table } = account.visits;
  const busy: [number, number, number][] = [];
  for (let location = 0; location < account.layout.locations; location += 1) {
    for (const i of table.between(location, 'startTime', from - LONGEST, to)) {
      const row = table.row(i);
      if (i === except || FREE.has(String(row['status']))) continue;
      const start = table.timeOf(i, 'startTime') as number;
      const end = start + Number(row['durationMinutes'] ?? 30) * 60;
      if (end > from && start < to) busy.push([row['practitionerId'] as number, start, end]);
    }
  }
  return busy;
}

function checkSlot(account: Account, practitionerId: number, start: number, minutes: number, except = -1): void {
  const taken = busyTimes(account, start, start + minutes * 60, except).some(([who]) => who === practitionerId);
  if (taken) throw new ApiError(409, 'The practitioner is not available at this time');
}

/** Books a visit and gives its index. @throws ApiError 404 for unknown people or types, 409 for a taken slot. */
export function book(world: World, account: Account, wish: Booking): number {
  const type = account.small.appointmentTypes.find((known) => known.id === wish.appointmentTypeId);
  if (type === undefined) throw missing('Appointment type', wish.appointmentTypeId);
  if (wish.patientId !== null && account.patients.table.find(wish.patientId) < 0)
    throw missing('Patient', wish.patientId);
  if (!account.small.practitioners.some((known) => known.id === wish.practitionerId))
    throw missing('Practitioner', wish.practitionerId);
  checkSlot(account, wish.practitionerId, wish.start, type.minutes);
  const place = account.context.locations[wish.location] as (typeof account.context.locations)[number];
  const stamp = world.clock.utc(world.now);
  const i = account.visits.table.create(wish.location, world.now, {
    patientId: wish.patientId,
    practitionerId: wish.practitionerId,
    appointmentTypeId: type.id,
    startTime: world.clock.local(wish.start, place.zone),
    endTime: world.clock.local(wish.start + type.minutes * 60, place.zone),
    durationMinutes: type.minutes,
    status: 'SCHEDULED',
    note: wish.note,
    createdAt: stamp,
    updatedAt: stamp,
  });
  note(world, account, 'appointments', account.visits.idOf(i), 'created');
  return i;
}

/** The operation with the body that it shall take; only createAppointment has a choice. */
export function withAppointmentBody(operation: Operation, document: Document, form: AppointmentBody): Operation {
  if (form === 'listing' || operation.id !== 'createAppointment') return operation;
  const { schemas } = document.components;
  const listed = schemas['AppointmentCreate']?.['properties'] as Record<string, Schema>;
  const slot = schemas['SelfSchedulingAppointmentCreate'] as Schema;
  const { patientId, note: text } = listed;
  return { ...operation, body: { ...slot, properties: { ...(slot['properties'] as Row), patientId, note: text } } };
}

/** POST …/appointment */
export function createAppointment(call: Call): Answer {
  const account = accountOf(call);
  const { body, world } = call;
  const bySlot = world.settings.appointmentBody === 'self-scheduling';
  // The config isn't looked up: it belongs to a setting, and only a self-scheduling journey says to which.
  if (bySlot && body['locationId'] !== call.params['locationId'])
    throw new ApiError(400, 'locationId must be that of the path');
  const i = book(world, account, {
    patientId: (body['patientId'] as number | undefined) ?? null,
    practitionerId: body['practitionerId'] as number,
    appointmentTypeId: body['appointmentTypeId'] as number,
    location: call.location as number,
    start: parseSeconds(body[bySlot ? 'startDateTime' : 'startTime']) as number,
    note: (body['note'] as string | undefined) ?? null,
  });
  return one(account.visits.table.row(i), 201);
}

/** PUT …/appointment/{appointmentId} */
export function updateAppointment(call: Call): Answer {
  const account = accountOf(call);
  const { table } = account.visits;
  const id = call.params['appointmentId'] as number;
  const i = table.find(id, { location: call.location as number });
  if (i < 0) throw missing('Appointment', id);
  const before = table.row(i);
  const { startTime, practitionerId, status, note: text } = call.body;
  const fields: Row = { updatedAt: nowText(call) };
  if (status !== undefined) fields['status'] = status;
  if (text !== undefined) fields['note'] = text;
  if (practitionerId !== undefined) {
    if (!account.small.practitioners.some((known) => known.id === practitionerId))
      throw missing('Practitioner', practitionerId as number);
    fields['practitionerId'] = practitionerId;
  }
  const minutes = Number(before['durationMinutes'] ?? 30);
  const start = startTime === undefined ? table.timeOf(i, 'startTime') : parseSeconds(startTime);
  const moved = startTime !== undefined || practitionerId !== undefined;
  if (moved && start !== null) {
    checkSlot(account, (practitionerId ?? before['practitionerId']) as number, start, minutes, i);
    const zone = account.context.locations[call.location as number]?.zone as string;
    fields['startTime'] = call.world.clock.local(start, zone);
    fields['endTime'] = call.world.clock.local(start + minutes * 60, zone);
  }
  table.change(i, fields);
  note(call.world, account, 'appointments', id, 'updated');
  return one(table.row(i));
}
