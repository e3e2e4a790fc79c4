import { parse } from 'yaml';
import { snakeCase } from '../src/core/names.ts';
import type { Resource } from '../src/extractors/resource.ts';

/** One field of the records of a list, as the contract describes it. */
export interface FieldPlan {
  readonly name: string;
  readonly sql: 'bigint' | 'integer' | 'text' | 'boolean' | 'timestamptz' | 'date' | 'numeric' | 'jsonb';
  readonly nullable: boolean;
  readonly choices: readonly string[];
  readonly aliases: readonly string[];
}

/** All that the contract says of a new list. */
export interface ListPlan {
  readonly name: string;
  /** The name in code, `waitlistEntries`. */
  readonly code: string;
  readonly description: string;
  readonly operation: string;
  readonly listKey: string;
  readonly listKeyAliases: readonly string[];
  readonly scope: 'global' | 'account' | 'location';
  readonly paginated: boolean;
  readonly window: { readonly from: string; readonly to: string; readonly field: string } | undefined;
  readonly parent: { readonly resource: string; readonly param: string; readonly column: string } | undefined;
  readonly get:
    | { readonly operation: string; readonly param: string; readonly parentParam: string | undefined }
    | undefined;
  /** Key columns after the account; `id` unless the contract names others. */
  readonly key: readonly string[];
  readonly fields: readonly FieldPlan[];
  /** Query parameters that are no field of the record, so that their meaning has to be said. */
  readonly unexplained: readonly string[];
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly (string | null)[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-aliases'?: readonly string[];
  readonly 'x-key'?: readonly string[];
}
interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
}
interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
  readonly 'x-list-key'?: string;
  readonly 'x-paginated'?: boolean;
  readonly 'x-scope'?: ListPlan['scope'];
  readonly 'x-parent'?: { readonly list: string; readonly param: string };
  readonly 'x-incremental'?: 'none' | { readonly from: string; readonly to: string; readonly field: string };
}
interface Contract {
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

/** A mistake of the person who asks; its message says what to do. */
export class Refusal extends Error {}

const last = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
const CONTROL = ['cursor', 'limit', 'sortBy', 'sortDir'];

/** Reads what the contract says of a list. Pure. @throws Refusal when the contract doesn't have it, or says too little. */
export function planList(
  yaml: string,
  name: string,
  operationId: string | undefined,
  registered: readonly Resource[],
): ListPlan {
  const contract = parse(yaml) as Contract;
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    throw new Refusal(`${name} is no table name: write it like waitlist_entries`);
  const code = camel(name);
  const wanted = operationId ?? `list${code[0]!.toUpperCase()}${code.slice(1)}`;
  const found = Object.entries(contract.paths).find(([, item]) => item.get?.operationId === wanted);
  const [path, operation] = [found?.[0], found?.[1].get];
  if (path === undefined || operation === undefined)
    throw new Refusal(
      `contract/openapi.yaml has no operation ${wanted}; add it, or name it: npm run new-resource ${name} OPERATION`,
    );
  const { 'x-list-key': listKey, 'x-scope': scope, 'x-parent': above, 'x-incremental': incremental } = operation;
  if (listKey === undefined || scope === undefined)
    throw new Refusal(`${wanted} needs x-list-key and x-scope in contract/openapi.yaml`);
  const resolved = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : resolved(contract.components.schemas[last(schema.$ref)] ?? {});
  const answer = operation.responses['200']?.content?.['application/json']?.schema;
  const list = answer === undefined ? undefined : propertiesOf(answer, resolved).get(listKey);
  const record = list === undefined ? undefined : resolved(list).items;
  if (record === undefined)
    throw new Refusal(`the answer of ${wanted} has no array ${listKey} in contract/openapi.yaml`);
  const fields = [...propertiesOf(record, resolved)].map(([field, schema]) => fieldOf(field, schema, resolved));
  const names = new Set(fields.map((field) => field.name));
  const window = typeof incremental === 'object' && above === undefined ? incremental : undefined;
  const query = (operation.parameters ?? [])
    .map((given) => (given.$ref === undefined ? given : contract.components.parameters[last(given.$ref)]!))
    .filter((given) => given.in === 'query')
    .map((given) => given.name);
  const range = typeof incremental === 'object' ? [incremental.from, incremental.to] : [];
  return {
    name,
    code,
    description: `${(operation.summary ?? name.replaceAll('_', ' ')).replace(/\.$/, '')}.`,
    operation: wanted,
    listKey,
    listKeyAliases: list?.['x-aliases'] ?? [],
    scope,
    paginated: operation['x-paginated'] ?? false,
    window,
    parent: above === undefined ? undefined : parentOf(above, registered),
    get: getOf(contract, path, above?.param),
    key: (resolved(record)['x-key'] ?? ['id']).map(snakeCase),
    fields,
    unexplained: query.filter((param) => !names.has(param) && !CONTROL.includes(param) && !range.includes(param)),
  };
}

function propertiesOf(schema: Schema, resolved: (schema: Schema) => Schema): Map<string, Schema> {
  const { allOf = [], properties = {} } = resolved(schema);
  return new Map([...allOf.flatMap((part) => [...propertiesOf(part, resolved)]), ...Object.entries(properties)]);
}

function fieldOf(name: string, given: Schema, resolved: (schema: Schema) => Schema): FieldPlan {
  const schema = resolved(given);
  const types = [schema.type ?? []].flat();
  return {
    name,
    sql: sqlOf(
      name,
      schema,
      types.find((type) => type !== 'null'),
    ),
    nullable: types.includes('null'),
    choices: (schema.enum ?? []).filter((choice) => choice !== null),
    aliases: given['x-aliases'] ?? [],
  };
}

function sqlOf(name: string, { format, properties, allOf }: Schema, kind: string | undefined): FieldPlan['sql'] {
  // Sums of money are 64-bit cents, whatever the contract says of their size.
  if (kind === 'integer') return format === 'int64' || name.endsWith('Cents') ? 'bigint' : 'integer';
  if (kind === 'number') return 'numeric';
  if (kind === 'boolean') return 'boolean';
  if (kind === 'array' || kind === 'object' || properties !== undefined || allOf !== undefined) return 'jsonb';
  return format === 'date-time' ? 'timestamptz' : format === 'date' ? 'date' : 'text';
}

function parentOf(
  above: { readonly list: string; readonly param: string },
  registered: readonly Resource[],
): ListPlan['parent'] {
  const parent = registered.find(({ reads }) => reads.some((read) => read.operation === above.list));
  if (parent === undefined)
    throw new Refusal(`no resource reads ${above.list}, which lists the parents: add that one first`);
  return { resource: parent.name, param: above.param, column: snakeCase(above.param) };
}

/** The read by id stands one path parameter below the list. */
function getOf(contract: Contract, listPath: string, parentParam: string | undefined): ListPlan['get'] {
  for (const [path, { get }] of Object.entries(contract.paths)) {
    const rest = path.startsWith(`${listPath}/`) ? path.slice(listPath.length + 1) : '';
    const param = /^\{(\w+)\}$/.exec(rest)?.[1];
    if (get !== undefined && param !== undefined) return { operation: get.operationId, param, parentParam };
  }
  return undefined;
}
