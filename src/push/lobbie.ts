import type { OperationId } from '../api/operations.generated.ts';
import { ApiError, ContractError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { readPages } from '../extractors/pages.ts';
import { PUSH_PRIORITY, type PushContext } from './context.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idOf } from './values.ts';

type Scope = Pick<OutboxRow, 'resource' | 'accountId' | 'locationId'>;

/** The operations and path parameters of each resource, from the contract. */
const OPERATIONS = {
  patients: {
    get: 'getPatient',
    create: 'createPatient',
    update: 'updatePatient',
    delete: 'deletePatient',
    param: 'patientId',
  },
  appointments: {
    get: 'getAppointment',
    create: 'createAppointment',
    update: 'updateAppointment',
    delete: undefined,
    param: 'appointmentId',
  },
} as const satisfies Record<string, Record<string, OperationId | string | undefined>>;

/** The API operation that carries out a row. */
export function writeOperation(row: Pick<OutboxRow, 'resource' | 'operation'>): OperationId {
  const operation = OPERATIONS[row.resource][row.operation];
  if (operation === undefined) throw new TypeError(`${row.resource} have no ${row.operation}`);
  return operation;
}

/** The path parameters of a row's record; with a null id, those of its list. */
export function pathOf(row: Scope, id: string | null): Record<string, string> {
  return {
    accountId: row.accountId,
    ...(row.resource === 'appointments' ? { locationId: row.locationId ?? '' } : {}),
    ...(id === null ? {} : { [OPERATIONS[row.resource].param]: id }),
  };
}

/** A record, and when the request for it was sent. */
export interface ReadRecord {
  readonly record: JsonObject;
  readonly readAt: Date;
}

/** What Lobbie has under an id: the record, none, or the record of another id, as after a merge. */
export type Reading =
  | ({ readonly found: 'record' } & ReadRecord)
  | { readonly found: 'none' }
  | { readonly found: 'another'; readonly id: string };

/** Reads a record by its id. @throws ContractError when the answer is no record */
export async function readRecord(context: PushContext, row: Scope, id: string): Promise<Reading> {
  const operation = OPERATIONS[row.resource].get;
  try {
    const { body, sentAt } = await context.api.callRaw(operation, pathOf(row, id), options(context, row.resource));
    context.countRecords(row.resource, 1);
    const record = asRecord(body);
    const is = record === undefined ? undefined : idOf(record);
    if (record === undefined || is === undefined) throw noRecord(operation);
    return is === id ? { found: 'record', record, readAt: sentAt } : { found: 'another', id: is };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'api.not_found') return { found: 'none' };
    throw error;
  }
}

/** Reads a record right after it was written; undefined when that fails, which says nothing about the write. */
export async function readBack(context: PushContext, row: Scope, id: string): Promise<Reading | undefined> {
  try {
    return await readRecord(context, row, id);
  } catch (error) {
    const { code } = classifyError(error);
    context.logger.debug({ resource: row.resource, code }, 'a record could not be read after it was written');
    return undefined;
  }
}

/** The body as a record; undefined if it is not an object. */
export function asRecord(body: unknown): JsonObject | undefined {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : undefined;
}

function noRecord(operation: string): ContractError {
  return new ContractError(`${operation}: the answer is not a record with an id`, { code: 'contract.no_record' });
}

/** Reads a list to its end, with a filter. */
export async function* listRecords(
  context: PushContext,
  row: Scope,
  filter: Readonly<Record<string, string>>,
): AsyncGenerator<ReadRecord> {
  const read =
    row.resource === 'patients'
      ? ({ operation: 'listPatients', scope: 'account', listKey: 'patients', paginated: true } as const)
      : ({ operation: 'listAppointments', scope: 'location', listKey: 'appointments', paginated: true } as const);
  const pages = readPages({
    read,
    start: null,
    clock: context.clock,
    proceed: async () => {
      // A search that stops early proves nothing, so it fails instead.
      if (context.stop.reason !== undefined) throw context.stop.reason;
      return true;
    },
    expected: { path: pathOf(row, null) },
    fetch: (cursor, limit) =>
      context.api.callRaw(
        read.operation,
        { ...pathOf(row, null), ...filter, limit, ...(cursor === null ? {} : { cursor }) },
        options(context, row.resource),
      ),
  });
  for await (const page of pages) {
    context.countRecords(row.resource, page.records.length);
    for (const each of page.records) {
      const record = asRecord(each);
      if (record !== undefined) yield { record, readAt: page.readAt };
    }
  }
}

function options(context: PushContext, resource: string) {
  return {
    priority: PUSH_PRIORITY,
    signal: context.stop.signal,
    beforeAttempt: () => context.countRequest(resource),
  };
}
