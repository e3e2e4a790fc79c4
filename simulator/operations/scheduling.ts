import type { Account } from '../account.ts';
import type { Row } from '../data/types.ts';
import { DAY, parseSeconds } from '../time.ts';
import { nextId, type Session } from '../world.ts';
import { book, busyTimes } from './appointments.ts';
import { type Answer, ApiError, accountOf, type Call, missing, one } from './call.ts';
import { addPatient } from './patients.ts';
import { patientsByEmail } from './read-table.ts';

const SLOT = 30 * 60;

interface Config {
  id: number;
  practitionerId: number;
}

function settingOf(account: Account, id: number): Row {
  const setting = account.catalogues.get('self_scheduling_settings')?.get({}, id);
  if (setting === undefined) throw missing('Self-scheduling setting', id);
  return setting;
}

function attemptOf(call: Call): Session {
  accountOf(call);
  const id = call.params['attemptId'] as number;
  const session = call.world.sessions.get(`attempts:${String(call.params['accountId'])}:${String(id)}`);
  if (session === undefined) throw missing('Self-scheduling attempt', id);
  return session;
}

/** GET /self-scheduling/availability */
export function getAvailability(call: Call): Answer {
  const account = accountOf(call);
  const { query, world } = call;
  const setting = settingOf(account, Number(query.get('selfSchedulingSettingId')));
  const locationId = Number(query.get('locationId'));
  const location = account.context.locations.find((known) => known.id === locationId);
  if (location === undefined) throw missing('Location', locationId);
  const typeId = Number(query.get('appointmentTypeId'));
  const type = account.small.appointmentTypes.find((known) => known.id === typeId);
  if (type === undefined) throw missing('Appointment type', typeId);
  const from = Math.floor(Number(query.get('startUnix')) / 1000);
  const to = Math.floor(Number(query.get('endUnix')) / 1000);
  if (to < from) throw new ApiError(400, 'endUnix lies before startUnix');
  if (to - from > 62 * DAY) throw new ApiError(400, 'The range is at most 62 days');
  const wanted = query.get('practitionerIds');
  const only = wanted === undefined ? undefined : new Set(String(wanted).split(',').map(Number));
  const open =
    setting['active'] === true &&
    (setting['locationIds'] as number[]).includes(locationId) &&
    (setting['appointmentTypeIds'] as number[]).includes(typeId);
  const configs = open
    ? (setting['schedulerConfigs'] as Config[]).filter(
        (config) => only === undefined || only.has(config.practitionerId),
      )
    : [];
  const selectable = setting['practitionerSelectable'] === true;
  const earliest = Math.max(from, world.now + 2 * 3600);
  const busy = busyTimes(account, earliest, to);
  const first = new Map<number, number>();
  const slotsByDate: Record<string, Row[]> = {};
  const firstDay = Math.floor((earliest + world.clock.offset(earliest, location.zone) * 60) / DAY);
  const lastDay = Math.floor((to + world.clock.offset(to, location.zone) * 60) / DAY);
  for (let day = firstDay; day <= lastDay; day += 1) {
    const weekday = (day + 4) % 7;
    if (weekday === 0 || weekday === 6) continue;
    const slots: Row[] = [];
    for (let wall = day * DAY + 9 * 3600; wall < day * DAY + 17 * 3600; wall += SLOT) {
      const start = world.clock.instant(wall, location.zone);
      const end = start + type.minutes * 60;
      if (start < earliest || start > to) continue;
      const free = configs.filter(
        (config) => !busy.some(([who, begins, ends]) => who === config.practitionerId && begins < end && ends > start),
      );
      if (free.length === 0) continue;
      for (const config of free) if (!first.has(config.practitionerId)) first.set(config.practitionerId, start * 1000);
      const times = { startUnix: start * 1000, endUnix: end * 1000 };
      const map = Object.fromEntries(free.map((config) => [String(config.practitionerId), config.id]));
      const one = free[0] as Config;
      slots.push(
        selectable
          ? { ...times, practitionerToConfig: map }
          : { ...times, practitionerId: one.practitionerId, schedulerConfigId: one.id },
      );
    }
    const [year, month, date] = world.clock.date(day).split('-').map(Number);
    if (slots.length > 0) slotsByDate[`${String(month)}/${String(date)}/${String(year)}`] = slots;
  }
  const practitioners = [...first].map(([practitionerId, firstAvailableSlot]) => ({
    practitionerId,
    displayName: account.small.practitioners.find((known) => known.id === practitionerId)?.name ?? null,
    firstAvailableSlot,
  }));
  return one({ arePractitionersSelectable: selectable, practitioners, slotsByDate, timeZone: location.zone });
}

/** POST /self-scheduling/attempt */
export function createAttempt(call: Call): Answer {
  const account = accountOf(call);
  const { world, body } = call;
  const setting = settingOf(account, body['selfSchedulingSettingId'] as number);
  if (setting['active'] !== true) throw new ApiError(409, 'The setting is not active');
  const proofId = body['identityProofId'] as number | undefined;
  const proof =
    proofId === undefined ? undefined : world.sessions.get(`identityProofs:${String(account.id)}:${String(proofId)}`);
  if (proofId !== undefined && proof === undefined) throw missing('Identity proof', proofId);
  if (proof !== undefined && proof.row['verificationMethod'] !== setting['verificationMethod'])
    throw new ApiError(409, 'The method of the identity proof does not fit the setting');
  const id = nextId(world, 'attempts');
  const row = {
    id,
    selfSchedulingSettingId: setting['id'],
    identityProofId: proofId ?? null,
    isVerified: proof?.row['isVerified'] === true,
  };
  world.sessions.set(`attempts:${String(account.id)}:${String(id)}`, { row, sentTo: new Set() });
  return one(row, 201);
}

/** GET /self-scheduling/attempt/{attemptId} */
export function getSelfSchedulingAttempt(call: Call): Answer {
  return one(attemptOf(call).row);
}

/** POST /self-scheduling/attempt/{attemptId}/patient: 200 for a known patient, 201 for a new one. */
export function attachPatient(call: Call): Answer {
  const session = attemptOf(call);
  const account = accountOf(call);
  const { table } = account.patients;
  const { phone, ...fields } = call.body;
  const digits = phone === undefined ? null : String(phone).replace(/\D/g, '');
  if (digits !== null && digits.length !== 10) throw new ApiError(400, 'phone must have ten digits');
  const same = (row: Row): boolean =>
    ['firstName', 'lastName', 'dateOfBirth'].every(
      (field) => String(row[field] ?? '').toLowerCase() === String(fields[field] ?? '').toLowerCase(),
    );
  const email = typeof fields['email'] === 'string' ? fields['email'] : '';
  const candidates = email === '' ? [...table.patched()] : patientsByEmail(account, email);
  const known = candidates.find((i) => table.alive(i) && same(table.row(i)));
  const wanted = {
    firstName: fields['firstName'],
    lastName: fields['lastName'],
    dateOfBirth: fields['dateOfBirth'],
    email: fields['email'] ?? null,
    mobilePhone: digits === null ? null : `1${digits}`,
  };
  const i = known ?? addPatient(call.world, account, wanted);
  session.row['patientId'] = account.patients.idOf(i);
  return one(table.row(i), known === undefined ? 201 : 200);
}

/** POST /self-scheduling/attempt/{attemptId}/appointment */
export function createAppointment1(call: Call): Answer {
  const session = attemptOf(call);
  const account = accountOf(call);
  const { body, world } = call;
  const patientId = session.row['patientId'];
  if (typeof patientId !== 'number') throw new ApiError(409, 'The attempt has no patient yet');
  if (session.row['appointmentId'] !== undefined) throw new ApiError(409, 'The attempt already has a visit');
  const setting = settingOf(account, session.row['selfSchedulingSettingId'] as number);
  const config = (setting['schedulerConfigs'] as Config[]).find((known) => known.id === body['schedulerConfigId']);
  if (config === undefined) throw missing('Scheduler config', body['schedulerConfigId'] as number);
  if (config.practitionerId !== body['practitionerId'])
    throw new ApiError(400, 'The scheduler config is of another practitioner');
  const location = account.context.locations.findIndex(({ id }) => id === body['locationId']);
  if (location < 0) throw missing('Location', body['locationId'] as number);
  const i = book(world, account, {
    patientId,
    practitionerId: config.practitionerId,
    appointmentTypeId: body['appointmentTypeId'] as number,
    location,
    start: parseSeconds(body['startDateTime']) as number,
    note: null,
  });
  const row = account.visits.table.row(i);
  session.row['appointmentId'] = row['id'];
  const type = account.catalogues.get('appointment_types')?.get({}, row['appointmentTypeId'] as number);
  const answer = {
    id: row['id'],
    appointmentTypeId: row['appointmentTypeId'],
    locationId: row['locationId'],
    practitionerId: row['practitionerId'],
    startDateTime: row['startTime'],
    endDateTime: row['endTime'],
    status: row['status'],
    telehealth: type?.['telehealth'] ?? null,
    formCount: 0,
  };
  return one(answer, 201);
}
