import type { Answer, Call } from '../http/call.ts';
import { answer, isRow, Refusal } from '../http/call.ts';
import { render } from '../wire/render.ts';
import type { Entry, Row } from '../world/collection.ts';
import { dateInput } from './instant-input.ts';

const FIELDS = ['firstName', 'lastName', 'dateOfBirth', 'email', 'gender', 'mobilePhone'] as const;

export function bodyOf(call: Call): Row {
  if (!isRow(call.body)) throw new Refusal(400, 'a JSON object is expected');
  return call.body;
}

/** The known fields of a body. An empty text clears a field; the contract does not tell how that is done. */
function changesOf(body: Row): Row {
  const changes: Row = {};
  for (const field of FIELDS) {
    const value = body[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new Refusal(400, `${field} must be a text`);
    if (value === '') changes[field] = null;
    else if (field === 'mobilePhone') changes[field] = value.replaceAll(/\D/g, '');
    else changes[field] = field === 'dateOfBirth' ? dateInput(value) : value;
  }
  return changes;
}

export function patientAt(call: Call): Entry {
  const entry = call.world.patients.find(call.params['patientId'] ?? Number.NaN);
  if (entry === undefined || entry.home.accountId !== call.params['accountId'])
    throw new Refusal(404, 'no such patient');
  return entry;
}

function shown(call: Call, status: number, key: number): Answer {
  const entry = call.world.patients.find(key) as Entry;
  return answer(status, render(call.world, 'patients', entry, entry.row, true));
}

/** Takes duplicates, so that a client which sends twice is found out. */
export function createPatient(call: Call): Answer {
  const changes = changesOf(bodyOf(call));
  if (!changes['firstName'] || !changes['lastName']) throw new Refusal(400, 'firstName and lastName are needed');
  const stamp = new Date(call.now).toISOString();
  const empty = {
    dateOfBirth: null,
    email: null,
    mobilePhone: null,
    gender: null,
    homeAddress: null,
    mailingAddress: null,
  };
  const home = { accountId: call.params['accountId'] };
  const key = call.world.patients.add({ ...empty, ...changes, createdAt: stamp, updatedAt: stamp }, home);
  call.world.patientCategories.addAt(
    key,
    { patientId: key, categoryId: null, categoryName: null, categoryColor: null, assignedAt: null, assignedBy: null },
    { ...home, parentId: key },
  );
  return shown(call, 201, key);
}

export function updatePatient(call: Call): Answer {
  const { key } = patientAt(call);
  call.world.patients.update(key, changesOf(bodyOf(call)));
  return shown(call, 200, key);
}

export function deletePatient(call: Call): Answer {
  call.world.removePatient(patientAt(call).key);
  return { status: 204, headers: {} };
}
