import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { isGlobal, type Json, keyOf, type TrueRow, type Truth } from './truth.ts';

/** Columns that the product adds; the rest belongs to the API. */
const OWN = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source', '_deleted_at', '_version'];

type Stored = Readonly<Record<string, string | null>>;

/** `firstName` → `first_name`. */
const column = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Reads a query with every value as the text Postgres gives. */
export async function readAsText(url: string, query: string): Promise<Stored[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'comparator',
    options: '-c timezone=UTC -c datestyle=ISO,YMD',
    types: { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig,
  });
  await client.connect();
  try {
    return (await client.query<Stored>(query)).rows;
  } finally {
    await client.end();
  }
}

/**
 * Compares every table with the truth: the set of keys, each field of each row by the type of its column, the ids of the
 * path, and the record as received. Answers what differs, in words, the first few of each table.
 */
export async function differences(url: string, truth: Truth): Promise<string[]> {
  const types = new Map<string, Map<string, string>>();
  for (const { table_name, column_name, data_type } of await readAsText(
    url,
    `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'lobbie'`,
  )) {
    const columns = types.get(table_name ?? '') ?? new Map<string, string>();
    columns.set(column_name ?? '', data_type ?? '');
    types.set(table_name ?? '', columns);
  }
  const found: string[] = [];
  for (const table of types.keys()) if (!truth.has(table)) found.push(`${table}: a table without a truth`);
  for (const [table, rows] of truth) {
    const columns = types.get(table);
    if (columns === undefined) {
      found.push(`${table}: no such table`);
      continue;
    }
    const stored = await readAsText(url, `SELECT * FROM lobbie.${pg.escapeIdentifier(table)}`);
    found.push(...compareTable(table, columns, rows, stored));
  }
  return found;
}

const SHOWN = 5;

/** The fields of the fault `unknown-field`. `raw` is as of the last change of a known field, so it may have them still. */
const EXTRA = new Set(['loyaltyTier', 'internalFlags']);

/** Tables whose records only come inside another record, whose `raw` holds them. */
const IN_CARRIER = new Set(['form_answers', 'lab_test_panels']);

function withoutExtra(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !EXTRA.has(name)));
}

function compareTable(
  table: string,
  columns: ReadonlyMap<string, string>,
  rows: readonly TrueRow[],
  stored: readonly Stored[],
): string[] {
  const key = keyOf(table);
  const expected = new Map<string, Map<string, unknown>>();
  const found: string[] = [];
  const records = new Map<string, TrueRow>();
  for (const row of rows) {
    const values = expectedValues(table, row);
    const id = key.map((name) => String(values.get(name))).join('/');
    if (expected.has(id)) found.push(`${id}: twice in the truth`);
    expected.set(id, values);
    records.set(id, row);
  }
  const actual = new Map(stored.map((row) => [key.map((name) => row[name]).join('/'), row]));
  for (const id of expected.keys()) if (!actual.has(id)) found.push(`${id}: missing`);
  for (const [id, row] of actual) {
    const values = expected.get(id);
    if (values === undefined) {
      found.push(`${id}: extra`);
      continue;
    }
    for (const name of values.keys()) if (!columns.has(name)) found.push(`${id}: no column ${name}`);
    for (const [name, type] of columns) {
      if (OWN.includes(name)) continue;
      const want = values.get(name) ?? null;
      const got = row[name] ?? null;
      // A record without an id gets a negative one.
      const right = name === 'id' && want === null ? got?.startsWith('-') === true : sameValue(want, got, type);
      if (!right) found.push(`${id}: ${name} is ${show(got)} and should be ${show(want)}`);
    }
    const received = IN_CARRIER.has(table) ? null : records.get(id)?.record;
    if (!isDeepStrictEqual(withoutExtra(JSON.parse(row['raw'] ?? 'null')), received))
      found.push(`${id}: raw differs from the record`);
    if (row['_deleted_at'] !== null) found.push(`${id}: marked as deleted`);
    if (row['_run_id'] === null || row['_loaded_at'] === null) found.push(`${id}: without run or time`);
  }
  const more = found.length > SHOWN ? [`${table}: and ${found.length - SHOWN} more`] : [];
  return [...found.slice(0, SHOWN).map((text) => `${table} ${text}`), ...more];
}

/** Column → value; the record's own word counts before the path's. */
function expectedValues(table: string, { account, record, path }: TrueRow): Map<string, unknown> {
  const values = new Map<string, unknown>(isGlobal(table) ? [] : [['account_id', account]]);
  for (const [name, value] of Object.entries(record)) values.set(column(name), value);
  for (const [name, value] of Object.entries(path)) {
    const own = values.get(name);
    if (own === undefined || own === null) values.set(name, Array.isArray(value) ? new OneOf(value) : value);
  }
  return values;
}

class OneOf {
  readonly values: readonly string[];
  constructor(values: readonly string[]) {
    this.values = values;
  }
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 120) ?? 'nothing';

function sameValue(want: unknown, got: string | null, type: string): boolean {
  if (want instanceof OneOf) return got !== null && want.values.includes(got);
  if (want === null || got === null) return want === got;
  switch (type) {
    case 'bigint':
    case 'integer':
      return BigInt(want as string) === BigInt(got);
    case 'numeric':
      return sameDecimal(String(want), got);
    case 'boolean':
      return got === (want === true ? 't' : 'f');
    case 'timestamp with time zone':
      return instant(String(want)) === instant(got);
    case 'date':
      return got === want;
    case 'jsonb':
      return isDeepStrictEqual(JSON.parse(got), want as Json);
    case 'text':
      return got === String(want);
    default:
      return false;
  }
}

/** Microseconds since 1970; `+00` is what Postgres writes for UTC. */
function instant(text: string): bigint {
  const [, head = '', fraction = '', zone = 'Z'] =
    /^(.{10}[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text) ?? [];
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  return BigInt(Date.parse(head.replace(' ', 'T') + offset)) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** Whether two decimals without exponents are the same number, whatever their trailing zeros. */
export function sameDecimal(a: string, b: string): boolean {
  const plain = (value: string) =>
    value.includes('.') ? value.replace(/0+$/, '').replace(/\.$/, '') : value.replace(/^-0$/, '0');
  return plain(a) === plain(b);
}

/** How many rows each table of the warehouse should hold. */
export const countOf = (truth: Truth): number => [...truth.values()].reduce((sum, rows) => sum + rows.length, 0);
