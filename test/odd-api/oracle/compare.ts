import type { World } from '../world/world.ts';
import { type Expected, MADE_UP, type TableTruth, truthOf } from './tables.ts';
import { agrees, rawFaults } from './values.ts';

/** How one row of the warehouse differs from the world. No value is ever part of it. */
export interface Difference {
  readonly table: string;
  /** Ids that tell the row apart, joined by `/`. */
  readonly key: string;
  /** It is not there, it is there though the world has none, or some columns hold something else. */
  readonly how: 'missing' | 'extra' | 'other';
  readonly columns: readonly string[];
}

/** Columns that say nothing of the world. */
const OWN = ['_content_hash', '_run_id', '_loaded_at', '_read_at', '_source', '_deleted_at', '_version'];

type Stored = Readonly<Record<string, string | null>>;
type Types = ReadonlyMap<string, string>;

/** Runs a query in the warehouse. */
export type Ask = (sql: string) => Promise<readonly Stored[]>;

/**
 * Compares every table of the schema `lobbie` with the world, row by row and column by column, `raw` too. Rows that are marked as
 * deleted count as not there.
 */
export async function compareWithWorld(ask: Ask, world: World): Promise<Difference[]> {
  return await compareWithTruth(ask, truthOf(world));
}

/** The same with what the world held at some time. */
export async function compareWithTruth(ask: Ask, truth: ReadonlyMap<string, TableTruth>): Promise<Difference[]> {
  const tables = await typesOf(ask);
  for (const name of new Set([...tables.keys(), ...truth.keys()])) {
    if (!tables.has(name) || !truth.has(name))
      throw new Error(`either the oracle or the warehouse lacks the table ${name}`);
  }
  const found: Difference[] = [];
  for (const [name, types] of tables) {
    found.push(...compareTable(name, truth.get(name) as TableTruth, types, await storedRows(ask, name, types)));
  }
  return found;
}

/** One line for a difference. */
export const inWords = ({ table, key, how, columns }: Difference): string =>
  `${table} ${key} ${how}${columns.length === 0 ? '' : `: ${columns.join(', ')}`}`;

async function typesOf(ask: Ask): Promise<ReadonlyMap<string, Types>> {
  const rows = await ask(
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'lobbie' AND column_name NOT IN (${OWN.map((name) => `'${name}'`).join(', ')})
     ORDER BY table_name, ordinal_position`,
  );
  return new Map(
    [...Map.groupBy(rows, (row) => String(row['table']))].map(([table, columns]) => [
      table,
      new Map(columns.map((row) => [String(row['column']), String(row['type'])])),
    ]),
  );
}

/** Living rows with every value as exact text, instants as milliseconds. */
async function storedRows(ask: Ask, table: string, types: Types): Promise<readonly Stored[]> {
  const columns = [...types].map(([name, type]) =>
    type === 'timestamp with time zone'
      ? `(extract(epoch FROM "${name}") * 1000)::text AS "${name}"`
      : `"${name}"::text AS "${name}"`,
  );
  return await ask(`SELECT ${columns.join(', ')} FROM lobbie."${table}" WHERE _deleted_at IS NULL`);
}

/** Every row that the world demands, `<table> <key>` as a difference names it, with all it holds as text. */
export function keysOf(truth: ReadonlyMap<string, TableTruth>): Map<string, string> {
  const rows = [...truth].flatMap(([table, own]) =>
    own.rows.map((row) => [`${table} ${keyOfTruth(own, row)}`, JSON.stringify(row.columns)] as const),
  );
  return new Map(rows);
}

const keyOfTruth = ({ key }: TableTruth, { columns }: Expected): string =>
  key.map((name) => keyPart(columns[name])).join('/');

/** Only ids stand in a key: of nested content, those of its parts. */
function keyPart(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.map((part) => String((part as { readonly id?: unknown }).id)).join('+');
}

function compareTable(table: string, truth: TableTruth, types: Types, stored: readonly Stored[]): Difference[] {
  for (const name of truth.key) {
    if (!types.has(name)) throw new Error(`the table ${table} has no column ${name}`);
  }
  const keyOfStored = (row: Stored): string =>
    truth.key
      .map((name) => keyPart(types.get(name) === 'jsonb' && row[name] ? JSON.parse(row[name]) : row[name]))
      .join('/');
  const wanted = new Map(truth.rows.map((row) => [keyOfTruth(truth, row), row]));
  if (wanted.size < truth.rows.length) throw new Error(`rows of the world share a key of the table ${table}`);
  const found: Difference[] = [];
  for (const row of stored) {
    const key = keyOfStored(row);
    const right = wanted.get(key);
    wanted.delete(key);
    if (right === undefined) {
      found.push({ table, key, how: 'extra', columns: [] });
      continue;
    }
    const columns = differingColumns(right, types, row);
    if (columns.length > 0) found.push({ table, key, how: 'other', columns });
  }
  for (const key of wanted.keys()) found.push({ table, key, how: 'missing', columns: [] });
  return found;
}

function differingColumns({ columns, raw }: Expected, types: Types, row: Stored): string[] {
  const known = Object.keys(columns).filter((name) => !types.has(name) && columns[name] !== MADE_UP);
  if (known.length > 0) throw new Error(`no column for ${known.join(', ')}`);
  const different = [...types]
    .filter(([name]) => name !== 'raw')
    .filter(([name, type]) => !agrees(name, type, columns[name], row[name] ?? null))
    .map(([name]) => name);
  if (raw === null) return row['raw'] === null ? different : [...different, 'raw'];
  return [...different, ...rawFaults(raw, row['raw'] ?? null).map((field) => `raw.${field}`)];
}
