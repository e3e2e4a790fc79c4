import { TOO_DEEP } from '../core/depth.ts';
import { snakeCase } from '../core/names.ts';
import type { Reject, Row, TableSpec } from '../core/row.ts';
import { createContentHasher, digest } from './content-hash.ts';
import { EMPTY } from './fields.ts';
import { knownNames } from './members.ts';
import type { Resource, Sourced } from './resource.ts';
import { exactNumber, storableJson } from './values.ts';

/** Counts of fields that the contract does not know, by name, and of values stored as null, by field and fault. */
export type UnknownFields = Map<string, number>;

export interface PrepareOptions {
  readonly accountId: string;
  readonly readAt: Date;
  readonly secondary: boolean;
  readonly unknown: UnknownFields;
}

/** Converts records of one resource into rows. Pure. It precomputes positions: make one per resource and reuse it. */
export interface Preparer {
  readonly table: TableSpec;
  prepare(source: Sourced, options: PrepareOptions): { row: Row } | { reject: Reject };
}

/** The table of a resource as the loader sees it. */
export function tableSpec(resource: Resource): TableSpec {
  const account = resource.scope === 'global' ? [] : [{ name: 'account_id', sql: 'bigint' }];
  return {
    name: resource.name,
    columns: [...account, ...resource.columns.map(({ name, sql }) => ({ name, sql }))],
    primaryKey: resource.primaryKey,
    keepFirst: resource.sharedByLocations ? ['location_id'] : [],
    volatile: Object.entries(resource.fields).flatMap(([name, field]) => (field.volatile ? [snakeCase(name)] : [])),
    rawInCarrier: resource.reads.length === 0,
    members: Object.fromEntries(
      Object.entries(resource.fields).flatMap(([name, { members }]) =>
        members === undefined ? [] : [[snakeCase(name), knownNames(members)]],
      ),
    ),
    versioned: resource.columns.some((column) => column.name === 'updated_at'),
  };
}

/** Field names that may be shown: any other name could carry data into a listing. */
const FIELD_NAME = /^[A-Za-z_$][\w$.-]{0,63}$/;

export function createPreparer(resource: Resource): Preparer {
  const table = tableSpec(resource);
  const fields = Object.entries(resource.fields).map(([name, field]) => ({
    name,
    column: snakeCase(name),
    aliases: field.aliases,
  }));
  const aliased = fields.filter((field) => field.aliases.length > 0);
  const fieldOf = new Map(fields.map((field) => [field.column, field.name]));
  // Ids in the record take precedence; ids from the URL path fill the gaps.
  const sources = table.columns.map(({ name }) => ({ name, field: fieldOf.get(name) }));
  const keyAt = table.primaryKey.map((name) => table.columns.findIndex((column) => column.name === name));
  const hasher = createContentHasher(table, fieldOf, resource.fields);
  // Ids of the path that were part of the first form of the hash.
  const inPath = ['location_id', 'id', ...resource.context].filter(
    (name) => sources.some((source) => source.name === name) && !table.keepFirst.includes(name),
  );

  const rejected = (source: Sourced, accountId: string, record: string, reason: string): { reject: Reject } => ({
    reject: {
      accountId,
      resource: resource.name,
      recordKey: recordKey(resource, source),
      reason,
      record,
      context: source.context,
    },
  });

  const withAliases = (record: Readonly<Record<string, unknown>>) => {
    if (aliased.every((field) => record[field.name] !== undefined)) return record;
    const copy: Record<string, unknown> = { ...record };
    for (const field of aliased) {
      // Null under the field's own name is a value. Aliases are tried only when that name is missing.
      if (copy[field.name] !== undefined) continue;
      copy[field.name] = field.aliases.map((alias) => record[alias]).find((value) => value !== undefined);
    }
    return copy;
  };

  return {
    table,
    prepare(source, { accountId, readAt, secondary, unknown }) {
      const record = source.record;
      for (const name in record) {
        if (!resource.knownFields.has(name)) countUnknown(unknown, name);
      }
      let raw: string;
      try {
        raw = JSON.stringify(record);
      } catch {
        return rejected(source, accountId, JSON.stringify(shallow(record)), 'is nested too deep');
      }
      const storable = storableJson(raw);
      if (typeof storable !== 'string') {
        const deep = raw.includes(JSON.stringify(TOO_DEEP)) ? 'is nested too deep' : undefined;
        return rejected(source, accountId, raw, deep ?? nameBadText(record) ?? storable.problem);
      }
      const given = withAliases(record);
      const parsed = parse(resource, given, unknown);
      if ('faults' in parsed) return rejected(source, accountId, raw, parsed.faults);

      const surrogate = resource.surrogateId;
      const values = sources.map(({ name, field }) => {
        const own = field === undefined ? null : (parsed.values[field] ?? null);
        if (own !== null) return own;
        if (name === 'account_id') return accountId;
        return source.context[name] ?? (name === 'id' ? (surrogate?.(source) ?? null) : null);
      });
      const key: string[] = [];
      for (const at of keyAt) {
        const value = values[at];
        if (value === null || value === undefined) {
          return rejected(source, accountId, raw, `${table.columns[at]?.name}: required, but missing`);
        }
        // Negative ids are made here, for records that have none: a record that brought one could be taken for another.
        const field = sources[at]?.field;
        if (table.columns[at]?.sql === 'bigint' && value.startsWith('-') && field && parsed.values[field]) {
          return rejected(source, accountId, raw, `${field}: is negative, and ids are positive`);
        }
        key.push(value);
      }
      let contentHash: string;
      let whole: (() => string) | undefined;
      try {
        contentHash = hasher.hash(values, given, (path, hasTable) => {
          whole = () => hasher.former(values, given);
          if (!hasTable) countUnknown(unknown, path);
        });
      } catch {
        return rejected(source, accountId, raw, 'is nested too deep');
      }
      let path = '';
      for (const name of inPath) {
        const id = source.context[name];
        if (id !== undefined) path += `\n${name}=${id}`;
      }
      const formerHashes = formerHashesOf(raw, path, whole);
      return { row: { values, key, hash: contentHash, formerHashes, raw, readAt, secondary } };
    },
  };
}

/**
 * A function of its own, so that rows hold on to their parsed records only where those are needed.
 *
 * @param path the ids of the path as they were part of the first form of the hash
 * @param whole makes the hash with all of the JSON values; undefined where it is the same as the current one behind the first byte
 */
function formerHashesOf(raw: string, path: string, whole: (() => string) | undefined): () => readonly string[] {
  return () => [digest(raw + path), ...(whole === undefined ? [] : [whole()])];
}

/** Counts a name that nobody knows, if it is a name: it may hold anything. */
export function countUnknown(unknown: UnknownFields, name: string): void {
  const safe = FIELD_NAME.test(name) ? name : '(unprintable)';
  unknown.set(safe, (unknown.get(safe) ?? 0) + 1);
}

/** The fields of a record as the text that Postgres reads. An empty or meaningless value is stored as null and counted. */
function parse(
  resource: Resource,
  record: Readonly<Record<string, unknown>>,
  unknown: UnknownFields,
): { readonly values: Readonly<Record<string, string | null | undefined>> } | { readonly faults: string } {
  const first = resource.schema.safeParse(record);
  if (first.success) return { values: first.data };
  const { issues } = first.error;
  const faults = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (!issues.every((issue) => 'params' in issue && issue.params === EMPTY)) return { faults: faults.join('; ') };
  const nulled = Object.fromEntries(issues.map((issue) => [String(issue.path[0]), null]));
  const second = resource.schema.safeParse({ ...record, ...nulled });
  if (!second.success) return { faults: faults.join('; ') };
  for (const fault of faults) unknown.set(fault, (unknown.get(fault) ?? 0) + 1);
  return { values: second.data };
}

/** A record without its arrays and objects: enough to find it again. */
const shallow = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => typeof value !== 'object' || value === null));

function recordKey(resource: Resource, { record, context }: Sourced): string | null {
  const parts = resource.key.map((column) => {
    const field = Object.keys(resource.fields).find((name) => snakeCase(name) === column);
    const value = field === undefined ? undefined : record[field];
    // Only text that looks like an id is shown: a broken id field may hold anything.
    const text =
      exactNumber(value) ?? (typeof value === 'number' || typeof value === 'string' ? String(value) : undefined);
    return text !== undefined && /^-?\d{1,24}$/.test(text) ? text : (context[column] ?? null);
  });
  return parts.every((part) => part !== null) ? parts.join('/') : null;
}

/** Names the first field whose text Postgres can't hold. */
function nameBadText(record: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(record)) {
    const found = storableJson(JSON.stringify([value, name]));
    if (typeof found !== 'string') return `${FIELD_NAME.test(name) ? name : '(unprintable)'}: ${found.problem}`;
  }
  return undefined;
}
