import { ContractError } from '../core/errors.ts';
import { camelCase, snakeCase } from '../core/names.ts';
import type { Read, Resource } from './resource.ts';
import { saidFailure } from './said-failure.ts';
import { exactNumber } from './values.ts';

/** What the rows of an answer must agree with. */
export interface Expected {
  /** Whose record it is; needed for reads of one object only. */
  readonly resource?: Resource;
  /** API field → id, as the path of the request named it: `accountId`, `locationId`, the parent's. */
  readonly path: Readonly<Record<string, string>>;
  /** API field → value that the request filtered by. */
  readonly filter?: Readonly<Record<string, string>>;
}

/** What an answer to a read by id turned out to be. */
export type Identity =
  /** The requested record. */
  | { readonly kind: 'same' }
  /** Another record: the requested one was merged into it. */
  | { readonly kind: 'other'; readonly id: string }
  /** No record, for example an error body at status 200. */
  | { readonly kind: 'none' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The id that a value holds; undefined for null and for everything that is no id. */
export function idOf(value: unknown): string | undefined {
  const text =
    exactNumber(value) ?? (typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '');
  return /^-?\d{1,24}$/.test(text) ? BigInt(text).toString() : undefined;
}

/** The ids of a path, by the fields in which records repeat them. For rows shared by locations, the location is left out. */
export function expectedOf(
  resource: Resource,
  read: Read,
  ids: { readonly accountId: string; readonly locationId: string | null; readonly parentId?: string | undefined },
): Expected {
  const { accountId, locationId, parentId } = ids;
  return {
    resource,
    path: {
      ...(read.scope === 'global' ? {} : { accountId }),
      ...(locationId === null || resource.sharedByLocations === true ? {} : { locationId }),
      ...(read.parent === undefined || parentId === undefined ? {} : { [camelCase(read.parent.column)]: parentId }),
    },
  };
}

/**
 * Refuses rows whose own ids contradict the path: one person's data stored under another person would be worse than none.
 *
 * @throws ContractError `contract.foreign_row`; names the field, never a value
 */
export function refuseForeign(read: Read, expected: Expected, records: readonly unknown[]): void {
  const paths = Object.entries(expected.path);
  for (const record of records) {
    if (!isObject(record)) continue;
    for (const [field, id] of paths) {
      const own = idOf(record[field]);
      if (own !== undefined && own !== id) {
        throw new ContractError(`${read.operation}: a row has another ${field} than the path it came by`, {
          code: 'contract.foreign_row',
          hint: "Nothing of this answer was stored. Report it to Lobbie: somebody's data shows up at somebody else's.",
        });
      }
    }
  }
}

/**
 * Refuses rows that a filter should have excluded: if the API ignores a filter, a whole list would be read for a few rows.
 *
 * @throws ContractError `contract.filter_ignored`
 */
export function refuseUnfiltered(read: Read, { filter = {} }: Expected, records: readonly unknown[]): void {
  for (const [field, wanted] of Object.entries(filter)) {
    const ignored = records.some((record) => {
      const value = isObject(record) ? record[field] : undefined;
      if (value === undefined || value === null) return false;
      return (idOf(value) ?? String(value)) !== wanted;
    });
    if (!ignored) continue;
    throw new ContractError(`${read.operation}: the filter ${field} is ignored`, {
      code: 'contract.filter_ignored',
      hint: 'Nothing of this answer was stored; the rows are found when the list is read whole.',
    });
  }
}

/**
 * Whether an answer of one object is the requested record. Status 200 proves nothing: the answer must have a known field besides
 * the ids of the path. Pure.
 *
 * @param id the requested id and the field that holds it; undefined when the path alone identifies the record
 */
export function identify(
  resource: Resource,
  body: unknown,
  id?: { readonly field: string; readonly value: string },
): Identity {
  if (!isObject(body) || saidFailure(body, resource.knownFields) !== undefined) return { kind: 'none' };
  const own = id === undefined ? undefined : idOf(body[id.field]);
  const ids = new Set([...resource.key, ...resource.context, 'location_id', 'account_id']);
  const known = Object.entries(body).filter(
    ([name, value]) => value !== undefined && resource.knownFields.has(name) && !ids.has(snakeCase(name)),
  );
  if (known.length === 0) return { kind: 'none' };
  if (own !== undefined) return own === id?.value ? { kind: 'same' } : { kind: 'other', id: own };
  // The contract promises the id of each record that has its own; an id that comes from the path may be missing.
  const column = snakeCase(id?.field ?? '');
  if (resource.key.includes(column) && !resource.context.includes(column)) return { kind: 'none' };
  return known.some(([, value]) => value !== null) ? { kind: 'same' } : { kind: 'none' };
}

/**
 * Accepts the answer of a read of one object, or refuses it.
 *
 * @throws ContractError `contract.not_a_record` when it holds no record, `contract.other_record` when it holds another one
 */
export function acceptSingle(read: Read, expected: Expected, body: unknown): void {
  if (read.carries !== undefined) {
    acceptCarrier(read, read.carries, expected, body);
    return;
  }
  if (expected.resource === undefined) throw new TypeError(`${read.operation} reads one object of an unknown resource`);
  refuseForeign(read, expected, [body]);
  const field = camelCase(read.parent?.column ?? '');
  const value = expected.path[field];
  const found = identify(expected.resource, body, value === undefined ? undefined : { field, value });
  if (found.kind === 'none') throw notARecord(read.operation, 'the answer has no field of the requested record');
  if (found.kind === 'other') {
    throw new ContractError(`${read.operation}: the answer is another record than the requested one`, {
      code: 'contract.other_record',
      hint: 'Nothing of it was stored; the two may have been merged.',
    });
  }
}

/** An answer that only carries records must have their array: an empty one means no records, a missing one means nothing. */
function acceptCarrier(read: Read, name: string, expected: Expected, body: unknown): void {
  refuseForeign(read, expected, [body]);
  const carried = isObject(body) ? body[name] : undefined;
  const id = expected.path[camelCase(read.parent?.column ?? '')];
  const own = isObject(body) ? idOf(body['id']) : undefined;
  if (own !== undefined && id !== undefined && own !== id) {
    throw new ContractError(`${read.operation}: the answer is another record than the requested one`, {
      code: 'contract.other_record',
      hint: 'Nothing of it was stored; the two may have been merged.',
    });
  }
  const failed = isObject(body) ? saidFailure(body) : undefined;
  if (failed !== undefined)
    throw notARecord(read.operation, `the answer says in ${failed} that it failed or is not whole`);
  if (Array.isArray(carried) || (carried === null && own !== undefined)) return;
  throw notARecord(read.operation, `the answer has no array named ${name}`);
}

/** The fault of an answer that holds no record. @param operation the operation that was called */
export function notARecord(operation: string, message: string): ContractError {
  return new ContractError(`${operation}: ${message}`, {
    code: 'contract.not_a_record',
    hint: 'It was not taken as a record without values; what was stored before stays. Status 200 alone is no proof.',
  });
}
