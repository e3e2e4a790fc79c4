import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { snakeCase } from '../../src/core/names.ts';
import type { KnownNames } from '../../src/core/row.ts';
import { knownNames } from '../../src/extractors/members.ts';
import { tableSpec } from '../../src/extractors/prepare.ts';
import { RESOURCES, resourceNamed } from '../../src/extractors/registry.ts';
import type { Read, Resource } from '../../src/extractors/resource.ts';
import { carrierOf } from '../../src/extractors/select.ts';
import { useTestDatabase } from '../support/database.ts';
import { keyOf, TABLES } from '../support/truth.ts';

/**
 * Over every resource: what the code says, what the database has and what contract/openapi.yaml says are the same. A new
 * resource is tested by being registered.
 */

type Schema = {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-aliases'?: readonly string[];
};
type Operation = {
  readonly operationId: string;
  readonly 'x-list-key'?: string;
  readonly 'x-paginated'?: boolean;
  readonly 'x-scope'?: string;
  readonly 'x-parent'?: { readonly list: string; readonly column: string; readonly param: string };
  readonly 'x-incremental'?: 'none' | { readonly from: string; readonly to: string; readonly field: string };
  readonly responses: Readonly<Record<string, { content: { 'application/json': { schema: Schema } } }>>;
};

const document = parse(readFileSync(new URL('../../contract/openapi.yaml', import.meta.url), 'utf8')) as {
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const gets = Object.values(document.paths).flatMap(({ get }) => (get === undefined ? [] : [get]));
const operationNamed = (id: string): Operation => {
  const found = gets.find((each) => each.operationId === id);
  if (found === undefined) throw new Error(`the contract has no GET named ${id}`);
  return found;
};

/** What is read record by record, because it has no list. */
const SINGLE_READS = ['getPatientCategory', 'getRemoteCareSetting', 'getSetting', 'getFormPacket'];
/** The sub-path of the newer API generation; it has no operation of its own in the contract. */
const NEWER_ONLY = ['getFormPacketForms'];

function resolved(schema: Schema | undefined): Schema {
  if (schema?.$ref === undefined) return schema ?? {};
  const { $ref, ...beside } = schema;
  return { ...resolved(document.components.schemas[$ref.split('/').at(-1) ?? '']), ...beside };
}

/** All properties of a schema, those of its parts included. */
function propertiesOf(schema: Schema | undefined): Map<string, Schema> {
  const { allOf = [], properties = {} } = resolved(schema);
  const found = new Map<string, Schema>();
  for (const part of allOf) for (const [name, each] of propertiesOf(part)) found.set(name, each);
  for (const [name, each] of Object.entries(properties)) found.set(name, each);
  return found;
}

const answerOf = (operation: Operation): Schema | undefined =>
  operation.responses['200']?.content['application/json'].schema;

/** The schema of the records that a read brings, and of its list key. */
function listOf(operation: Operation): Schema {
  return resolved(propertiesOf(answerOf(operation)).get(operation['x-list-key'] ?? ''));
}

/** The field of the carrying resource under which rows without a read of their own are found. */
const EMBEDDED_IN: Readonly<Record<string, string>> = {
  lab_test_panels: 'testPanels',
  form_answers: 'answers',
};

function recordSchema(resource: Resource): Schema {
  const [read] = resource.reads;
  if (read === undefined) {
    const carrier = carrierOf(resource);
    if (carrier === undefined) throw new Error(`${resource.name} has neither a read nor a carrier`);
    return resolved(propertiesOf(recordSchema(carrier)).get(EMBEDDED_IN[resource.name] ?? '')?.items);
  }
  const operation = operationNamed(read.operation);
  if (operation['x-list-key'] !== undefined) return resolved(listOf(operation).items);
  const answer = resolved(answerOf(operation));
  return resource.name === 'forms' ? resolved(propertiesOf(answer).get('forms')?.items) : answer;
}

/** The column type that a property of the contract needs. */
function sqlTypeOf(name: string, schema: Schema): string {
  const { type, format, allOf, properties } = resolved(schema);
  const [kind] = [type ?? []].flat().filter((each) => each !== 'null');
  // Sums of money are 64-bit cents, whatever the contract says of their size.
  if (kind === 'integer') return format === 'int64' || name.endsWith('Cents') ? 'bigint' : 'integer';
  if (kind === 'number') return 'numeric';
  if (kind === 'boolean') return 'boolean';
  if (kind === 'array' || kind === 'object' || allOf !== undefined || properties !== undefined) return 'jsonb';
  if (format === 'date-time') return 'timestamptz';
  return format === 'date' ? 'date' : 'text';
}

const everyRead: (readonly [resource: Resource, read: Read])[] = RESOURCES.flatMap((resource) =>
  resource.reads.map((read) => [resource, read] as const),
);

describe('the contract and the registry', () => {
  test('no two resources have one name', () => {
    expect(new Set(RESOURCES.map(({ name }) => name)).size).toBe(RESOURCES.length);
  });

  test('every list, and what is read record by record, is read by exactly one resource', () => {
    const wanted = [
      ...gets.filter((each) => each['x-list-key'] !== undefined).map((each) => each.operationId),
      ...SINGLE_READS,
    ];
    expect(everyRead.map(([, read]) => read.operation).sort()).toEqual(wanted.sort());
  });

  test.each(everyRead.map(([resource, read]) => [read.operation, resource, read] as const))(
    '%s is read as the contract says',
    (id, resource, read) => {
      const operation = operationNamed(id);
      const parent = operation['x-parent'];
      if (operation['x-list-key'] !== undefined) {
        expect(read.listKey).toBe(operation['x-list-key']);
        expect([...(read.listKeyAliases ?? [])]).toEqual([...(listOf(operation)['x-aliases'] ?? [])]);
        expect(read.paginated ?? false).toBe(operation['x-paginated']);
        expect(read.scope).toBe(operation['x-scope']);
        expect(read.parent?.param).toBe(parent?.param);
      } else {
        expect(read.listKey).toBeUndefined();
      }
      if (parent !== undefined) {
        const lists = resourceNamed(read.parent?.resource ?? '').reads.map((each) => each.operation);
        expect(lists).toContain(parent.list);
        expect(parent.column).toBe('id');
        expect(resource.columns.map(({ name }) => name)).toContain(read.parent?.column);
      }
      const range = operation['x-incremental'];
      // Below a parent a list is read once: its date range is not used.
      if (range === undefined || range === 'none' || read.parent !== undefined) expect(read.window).toBeUndefined();
      else expect(read.window).toEqual({ from: range.from, to: range.to, column: snakeCase(range.field) });
      if (read.window !== undefined) expect(resource.columns.map(({ name }) => name)).toContain(read.window.column);
    },
  );

  test('a read of the newer generation stands beside one that the contract has', () => {
    const newer = everyRead.flatMap(([, read]) => (read.newer === undefined ? [] : [read.newer.operation]));
    expect(newer).toEqual(NEWER_ONLY);
  });
});

describe.each(RESOURCES.map((resource) => [resource.name, resource] as const))(
  'the fields of %s',
  (_name, resource) => {
    const properties = propertiesOf(recordSchema(resource));

    test('are those of the contract, in both directions', () => {
      expect(properties.size).toBeGreaterThan(0);
      expect(Object.keys(resource.fields).sort()).toEqual([...properties.keys()].sort());
    });

    test('have the types and the other names that the contract gives them', () => {
      const declared = Object.entries(resource.fields).map(([name, { sql, aliases }]) => [name, sql, [...aliases]]);
      const wanted = Object.keys(resource.fields).map((name) => {
        const schema = properties.get(name) ?? {};
        return [name, sqlTypeOf(name, schema), [...(schema['x-aliases'] ?? [])]];
      });
      expect(declared).toEqual(wanted);
    });

    test('that hold objects have the fields inside that the contract gives them, at any depth', () => {
      const wanted = (of: Schema): KnownNames | true => {
        const content = resolved(of);
        const inside = propertiesOf(content.items ?? content);
        if (inside.size === 0) return true;
        return Object.fromEntries(
          [...inside].flatMap(([name, schema]) =>
            [name, ...(resolved(schema)['x-aliases'] ?? [])].map((each) => [each, wanted(schema)]),
          ),
        );
      };
      const declared = Object.values(resource.fields).map(({ members }) =>
        members === undefined ? true : knownNames(members),
      );
      expect(declared).toEqual(Object.keys(resource.fields).map((name) => wanted(properties.get(name) ?? {})));
    });

    test('are read by id with an operation of the contract', () => {
      if (resource.get === undefined) return;
      const path = Object.entries(document.paths).find(
        ([, { get }]) => get?.operationId === resource.get?.operation,
      )?.[0];
      expect(path).toContain(`{${resource.get.param}}`);
      if (resource.get.parentParam !== undefined) expect(path).toContain(`{${resource.get.parentParam}}`);
    });
  },
);

describe('the database and the registry', () => {
  const database = useTestDatabase();
  const columns = new Map<string, Map<string, { type: string; nullable: boolean }>>();
  const keys = new Map<string, string[]>();

  beforeAll(async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const found = await client.query<Record<'table_name' | 'column_name' | 'data_type' | 'is_nullable', string>>(
        `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
         WHERE table_schema = 'lobbie' ORDER BY table_name, ordinal_position`,
      );
      for (const { table_name, column_name, data_type, is_nullable } of found.rows) {
        const table = columns.get(table_name) ?? new Map();
        table.set(column_name, { type: SHORT[data_type] ?? data_type, nullable: is_nullable === 'YES' });
        columns.set(table_name, table);
      }
      const primary = await client.query<{ table: string; columns: string[] }>(
        `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY k.ord) AS columns
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indisprimary AND c.relnamespace = 'lobbie'::regnamespace GROUP BY c.relname`,
      );
      for (const row of primary.rows) keys.set(row.table, row.columns);
    } finally {
      await client.end();
    }
  });

  const SHORT: Readonly<Record<string, string>> = { 'timestamp with time zone': 'timestamptz' };
  const TECHNICAL = {
    raw: { type: 'jsonb', nullable: false },
    _content_hash: { type: 'bytea', nullable: false },
    _run_id: { type: 'bigint', nullable: false },
    _loaded_at: { type: 'timestamptz', nullable: false },
    _read_at: { type: 'timestamptz', nullable: false },
    _source: { type: 'smallint', nullable: false },
    _deleted_at: { type: 'timestamptz', nullable: true },
    _version: { type: 'integer', nullable: false },
  };

  test('the warehouse has a table for each list of the contract and each kind of record inside, and no others', () => {
    expect([...columns.keys()].sort()).toEqual([...TABLES].sort());
    expect(RESOURCES.map(({ name }) => name).sort()).toEqual([...TABLES].sort());
  });

  test.each(RESOURCES.map((resource) => [resource.name, resource] as const))(
    'lobbie.%s has exactly its columns, types and key',
    (name, resource) => {
      const spec = tableSpec(resource);
      const wanted = {
        ...Object.fromEntries(
          spec.columns.map((column) => [
            column.name,
            { type: column.sql, nullable: !spec.primaryKey.includes(column.name) },
          ]),
        ),
        ...TECHNICAL,
        // What only comes inside another record stands in that one's raw.
        raw: { type: 'jsonb', nullable: resource.reads.length === 0 },
      };
      expect(Object.fromEntries(columns.get(name) ?? [])).toEqual(wanted);
      // Attributes of a template get an id made for them, since the API doesn't promise one.
      const key = name === 'form_template_attributes' ? ['account_id', 'id'] : keyOf(name);
      expect(keys.get(name)).toEqual(key);
      expect(spec.primaryKey).toEqual(key);
    },
  );

  test('no table points at another: a child may come before its parent', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query(`SELECT conname FROM pg_constraint
        WHERE contype = 'f' AND connamespace IN ('lobbie'::regnamespace, 'lobbie_sync'::regnamespace)`);
      expect(rows).toEqual([]);
    } finally {
      await client.end();
    }
  });

  test('every table has a key, also one whose history is made later', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`CREATE TABLE lobbie.later (account_id bigint, id bigint, _run_id bigint, _loaded_at timestamptz,
        _deleted_at timestamptz, PRIMARY KEY (account_id, id))`);
      await client.query(`SELECT lobbie_sync.track_history('later')`);
      const { rows } = await client.query<{ name: string }>(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND starts_with(n.nspname, 'lobbie') AND NOT EXISTS
           (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')`,
      );
      expect(rows).toEqual([]);
    } finally {
      await client.query(`DROP VIEW lobbie_history.later CASCADE`);
      await client.query('DROP TABLE lobbie_history.later_past, lobbie.later CASCADE');
      await client.end();
    }
  });

  test('the columns that move by themselves are the same in the code and in the database', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM lobbie_sync.volatile_columns ORDER BY 1`,
    );
    await client.end();
    const declared = RESOURCES.flatMap((resource) =>
      tableSpec(resource).volatile.map((name) => `${resource.name}.${name}`),
    );
    expect(rows.map(({ name }) => name)).toEqual(declared.sort());
  });
});

test('no question of `npm run new-resource` is left open', () => {
  const open = ['src/extractors/resources/', 'simulator/rows/tables/'].flatMap((folder) => {
    const place = new URL(`../../${folder}`, import.meta.url);
    return readdirSync(place).filter((file) => readFileSync(new URL(file, place), 'utf8').includes('QUESTION'));
  });
  expect(open).toEqual([]);
});

describe('how much a column reveals about a person', () => {
  const CLASSES = ['direct', 'quasi', 'clinical', 'operational'];
  /** Tables whose rows are about one patient, directly or through what they hang under. */
  const OF_PATIENTS = RESOURCES.filter(
    ({ name, columns: all }) =>
      ['patients', 'forms', 'form_answers', 'invoice_line_items', 'lab_test_panels', 'lab_test_components'].includes(
        name,
      ) || all.some((column) => column.name === 'patient_id'),
  );
  /** Columns that have such a name and still name no person: the clinic's places, the texts of its forms. */
  const HARMLESS: Readonly<Record<string, readonly string[]>> = {
    form_packets: ['location_name'],
    invoices: ['location_name'],
    forms: ['form_template_name'],
    form_answers: ['attribute_name'],
    // What the group is called, e.g. by its kind of message.
    // Delivery states and times; the addresses themselves are not in the record.
    notifications: ['email_status'],
  };

  test('is said of every one', () => {
    for (const { name, columns } of RESOURCES) {
      for (const column of columns) expect(CLASSES, `${name}.${column.name}`).toContain(column.phi);
    }
  });

  test('a name, address, phone or link in a table about patients is never operational', () => {
    expect(OF_PATIENTS.length).toBeGreaterThan(15);
    const operational = OF_PATIENTS.flatMap(({ name, columns }) =>
      columns
        .filter((column) => /(name|email|phone|address|url)/.test(column.name) && column.phi === 'operational')
        .map((column) => `${name}.${column.name}`),
    );
    expect(operational.sort()).toEqual(
      Object.entries(HARMLESS)
        .flatMap(([table, names]) => names.map((column) => `${table}.${column}`))
        .sort(),
    );
  });

  test('what names a patient alone is direct wherever it stands', () => {
    for (const { name, columns } of OF_PATIENTS) {
      for (const column of columns) {
        if (
          /^(patient_name|first_name|last_name|email|mobile_phone|home_address|mailing_address|payment_url)$/.test(
            column.name,
          )
        ) {
          expect(column.phi, `${name}.${column.name}`).toBe('direct');
        }
        if (column.name === 'date_of_birth') expect(column.phi).toBe('quasi');
      }
    }
  });
});
