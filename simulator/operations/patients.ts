import type { Account } from '../account.ts';
import type { Row } from '../data/types.ts';
import { note, type World } from '../world.ts';
import { type Answer, ApiError, accountOf, type Call, missing, nowText, one } from './call.ts';
import { patientsByEmail } from './read-table.ts';

const FIELDS = ['firstName', 'lastName', 'dateOfBirth', 'email', 'gender', 'mobilePhone'] as const;
/** Lists below a patient, which vanish with the patient. */
const BELOW = ['category_transitions', 'allergies', 'medications', 'problems'] as const;

function demographics(body: Row): Row {
  const fields: Row = {};
  for (const field of FIELDS) if (body[field] !== undefined) fields[field] = body[field];
  if (typeof fields['mobilePhone'] === 'string') {
    const digits = fields['mobilePhone'].replace(/\D/g, '');
    fields['mobilePhone'] = digits.length === 10 ? `1${digits}` : digits;
  }
  for (const field of ['firstName', 'lastName'])
    if (typeof fields[field] === 'string' && fields[field].trim() === '')
      throw new ApiError(400, `${field} is required`);
  return fields;
}

/** Index of another patient with the same e-mail, name and birth date, or -1. */
function duplicate(account: Account, row: Row, self: number): number {
  if (typeof row['email'] !== 'string' || row['email'] === '') return -1;
  const same = (field: string, other: Row): boolean =>
    String(other[field] ?? '').toLowerCase() === String(row[field] ?? '').toLowerCase();
  const twin = patientsByEmail(account, row['email']).find((i) => {
    const other = account.patients.table.row(i);
    return i !== self && ['email', 'firstName', 'lastName', 'dateOfBirth'].every((field) => same(field, other));
  });
  return twin ?? -1;
}

/** Adds a patient and gives its index. */
export function addPatient(world: World, account: Account, fields: Row): number {
  const stamp = world.clock.utc(world.now);
  const blank = {
    dateOfBirth: null,
    email: null,
    gender: null,
    mobilePhone: null,
    homeAddress: null,
    mailingAddress: null,
  };
  const { table } = account.patients;
  const i = table.create(0, world.now, { ...blank, ...fields, createdAt: stamp, updatedAt: stamp });
  const category = account.categories.categoryOf(i)?.['categoryId'];
  if (typeof category === 'number') account.patientCounts.set(category, (account.patientCounts.get(category) ?? 0) + 1);
  note(world, account, 'patients', account.patients.idOf(i), 'created');
  for (const resource of BELOW) {
    for (const row of account.sources.get(resource)?.page({ parent: account.patients.idOf(i) }, { limit: 99 }).rows ??
      [])
      note(world, account, resource, row['id'] as number, 'created');
  }
  if (category !== undefined) note(world, account, 'patient_categories', account.patients.idOf(i), 'created');
  return i;
}

/** Removes a patient with everything that hangs below. */
export function removePatient(world: World, account: Account, i: number): void {
  const id = account.patients.idOf(i);
  for (const resource of BELOW) {
    for (const row of account.sources.get(resource)?.page({ parent: id }, { limit: 99 }).rows ?? [])
      note(world, account, resource, row['id'] as number, 'deleted');
  }
  const category = account.categories.categoryOf(i)?.['categoryId'];
  if (typeof category === 'number') {
    account.patientCounts.set(category, (account.patientCounts.get(category) ?? 0) - 1);
    note(world, account, 'patient_categories', id, 'deleted');
  }
  account.patients.table.setHidden(id, true);
  note(world, account, 'patients', id, 'deleted', {});
}

/** POST /patients */
export function createPatient(call: Call): Answer {
  const account = accountOf(call);
  const fields = demographics(call.body);
  if (duplicate(account, fields, -1) >= 0)
    throw new ApiError(409, 'A patient with this e-mail, name and birth date exists');
  return one(account.patients.table.row(addPatient(call.world, account, fields)), 201);
}

/** PUT /patients/{patientId} */
export function updatePatient(call: Call): Answer {
  const account = accountOf(call);
  const { table } = account.patients;
  const id = call.params['patientId'] as number;
  const i = table.find(id);
  if (i < 0) throw missing('Patient', id);
  const fields = demographics(call.body);
  if (duplicate(account, { ...table.row(i), ...fields }, i) >= 0)
    throw new ApiError(409, 'Another patient has this e-mail, name and birth date');
  table.change(i, { ...fields, updatedAt: nowText(call) });
  note(call.world, account, 'patients', id, 'updated');
  return one(table.row(i));
}

/** DELETE /patients/{patientId} */
export function deletePatient(call: Call): Answer {
  const account = accountOf(call);
  const id = call.params['patientId'] as number;
  const i = account.patients.table.find(id);
  if (i < 0) throw missing('Patient', id);
  removePatient(call.world, account, i);
  return { kind: 'none' };
}
