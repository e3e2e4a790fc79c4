import { type AppointmentBody, type WritableFields, type WritableResource, writableFields } from '../core/writable.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { checkValue, externalRefOf, idNumber } from './values.ts';

/** A fault of a field: what kind it is, never the value. */
export interface Fault {
  readonly field: string;
  readonly problem: string;
}

/** The part of a row that is checked; the row need not be in the outbox yet. */
export type Checkable = Pick<
  OutboxRow,
  'resource' | 'operation' | 'accountId' | 'locationId' | 'targetId' | 'changes' | 'allowNulls'
>;

export interface ValidateOptions {
  readonly accounts: readonly string[];
  readonly appointmentBody: AppointmentBody;
  /** Fields that only Lobbie may change, as `resource.field`. */
  readonly ownedByLobbie: ReadonlySet<string>;
  readonly now: Date;
  /** Whether the row is not inserted yet. The insert fills in the location of a visit that the mirror has. Default false. */
  readonly beforeInsert?: boolean;
}

/** Only keys that look like names of fields are repeated in messages, because any other key may hold patient data. */
const FIELD_NAME = /^[A-Za-z_]\w{0,63}$/;

/**
 * Checks a row before anything is sent. Returns all faults at once, and the changes with aliases resolved and values in the form
 * in which they are sent. Pure.
 */
export function validateRow(
  row: Checkable,
  options: ValidateOptions,
): { readonly changes: JsonObject; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  if (!options.accounts.includes(row.accountId)) {
    faults.push({ field: 'account_id', problem: 'is not in LOBBIE_ACCOUNT_IDS' });
  }
  if (row.operation !== 'create' && row.targetId === null) faults.push({ field: 'target_id', problem: 'is required' });
  if (row.resource === 'appointments' && row.locationId === null) {
    if (row.operation === 'create') faults.push({ field: 'location_id', problem: 'is required' });
    else if (options.beforeInsert !== true) {
      faults.push({ field: 'location_id', problem: 'is required, as the mirror does not know the appointment' });
    }
  }
  if (row.operation === 'delete') return { changes: {}, faults };
  const { changes, problems } = checkChanges(row, row.operation, options);
  return { changes, faults: [...faults, ...problems] };
}

function checkChanges(row: Checkable, operation: 'create' | 'update', options: ValidateOptions) {
  const fields = writableFields(row.resource, operation === 'create' ? options.appointmentBody : 'listing');
  const names = namesOf(fields);
  const problems: Fault[] = [];
  const changes: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(row.changes)) {
    const name = names.get(given);
    const field = name === undefined ? undefined : fields[name];
    const fault = (problem: string) =>
      problems.push({ field: FIELD_NAME.test(given) ? given : '(unprintable)', problem });
    if (name === undefined || field === undefined || !(operation === 'create' ? field.create : field.update)) {
      fault(`is not a field that ${operation === 'create' ? 'a new record' : 'an update'} takes`);
    } else if (name in changes) {
      fault(`is given twice, as ${name} too`);
    } else if (options.ownedByLobbie.has(`${row.resource}.${name}`)) {
      fault('belongs to Lobbie, by LOBBIE_PUSH_OWNERS');
    } else if (value === null) {
      if (!field.clearable) fault('can not be null');
      else if (!row.allowNulls) fault('is null, which is sent only where allow_nulls is true');
      else changes[name] = null;
    } else {
      const checked = checkValue(field.kind, value, options.now);
      if ('problem' in checked) fault(checked.problem);
      else changes[name] = checked.value;
    }
  }
  const named = new Set(problems.map((problem) => names.get(problem.field) ?? problem.field));
  if (operation === 'create') {
    for (const [name, field] of Object.entries(fields)) {
      if (field.create === 'required' && !(name in changes) && !named.has(name)) {
        problems.push({ field: name, problem: 'is required' });
      }
    }
  } else if (Object.keys(row.changes).length === 0) {
    problems.push({ field: 'changes', problem: 'is empty' });
  }
  return { changes, problems };
}

/** Every accepted name of a field → its name in the API. */
function namesOf(fields: WritableFields): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(fields).flatMap(([name, { aliases = [] }]) =>
      [name, ...aliases].map((each) => [each, name] as const),
    ),
  );
}

/** The same values under the names of the API. */
export function ownNames(resource: WritableResource, values: JsonObject): JsonObject {
  const names = namesOf(writableFields(resource, 'self-scheduling'));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [names.get(name) ?? name, value]));
}

/** Faults as one line, for the column `error`. */
export const faultText = (faults: readonly Fault[]): string =>
  faults.map(({ field, problem }) => `${field}: ${problem}`).join('; ');

/** The body of a create, in the form of the operation list or of the self-scheduling page (contract/FACTS.md). Pure. */
export function createBody(
  row: Pick<OutboxRow, 'resource' | 'locationId'>,
  changes: JsonObject,
  appointmentBody: AppointmentBody,
): JsonObject {
  if (row.resource !== 'appointments' || appointmentBody === 'listing') return changes;
  const { startTime, ...rest } = changes;
  return {
    ...rest,
    locationId: row.locationId === null ? undefined : idNumber(row.locationId),
    startDateTime: startTime,
  };
}

/** Replaces the writer's reference to a patient by the patient's id. */
export function withPatient(changes: JsonObject, patientId: string | null): JsonObject {
  if (patientId === null || externalRefOf(changes['patientId']) === undefined) return changes;
  return { ...changes, patientId: idNumber(patientId) };
}
