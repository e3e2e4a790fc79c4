/**
 * Writes src/api/operations.generated.ts from contract/openapi.yaml: the table of operations and the types of their
 * parameters, bodies and answers. `npm run generate` runs it; a unit test compares, so that the two can't drift apart.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly (string | null)[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: Schema;
  readonly 'x-aliases'?: readonly string[];
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly 'x-list-key'?: string;
  readonly 'x-paginated'?: boolean;
  readonly 'x-scope'?: string;
  readonly 'x-parent'?: object;
  readonly 'x-incremental'?: object | string;
}

interface PathItem extends Readonly<Partial<Record<(typeof METHODS)[number], Operation>>> {
  readonly parameters?: readonly Parameter[];
  readonly 'x-newer-path'?: string;
  readonly 'x-newer-path-assumed'?: string;
  readonly 'x-newer-subpaths'?: readonly { readonly path: string }[];
}

interface Contract {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

/** One operation, worked out: the row of the table and the TypeScript text of its types. */
interface Entry {
  readonly id: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly params: readonly string[];
  readonly body: string;
  readonly result: string;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;

const refName = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`);

/** A value as TypeScript source in the house's quote style; undefined members are left out. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{ ${members.map(([name, member]) => `${key(name)}: ${literal(member)}`).join(', ')} }`;
  }
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
}

/** An enum is not a closed set (FACTS.md, Formats): `(string & {})` keeps completion without refusing other text. */
const openEnum = (values: readonly (string | null)[]): string =>
  [...values.filter((value) => value !== null).map(literal), '(string & {})'].join(' | ');

function scalarType(schema: Schema, type: string): string {
  if (type === 'integer') return schema.format === 'int64' ? 'Int64' : 'number';
  if (type === 'string') return schema.enum === undefined ? 'string' : openEnum(schema.enum);
  return type;
}

function typeText(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return refName(schema.$ref);
  if (schema.allOf !== undefined) return schema.allOf.map((part) => typeText(part, indent)).join(' & ');
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length === 0) return 'unknown';
  return types
    .map((type) => {
      if (type === 'object') return objectType(schema, indent);
      if (type !== 'array') return scalarType(schema, type);
      return `readonly ${wrapped(schema.items === undefined ? 'unknown' : typeText(schema.items, indent))}[]`;
    })
    .join(' | ');
}

const wrapped = (text: string): string => (/[|&]/.test(text) && !text.startsWith('{') ? `(${text})` : text);

function objectType(schema: Schema, indent: string): string {
  if (schema.properties === undefined) {
    const values =
      schema.additionalProperties === undefined ? 'unknown' : typeText(schema.additionalProperties, indent);
    return `Readonly<Record<string, ${values}>>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const note = property.description === undefined ? '' : `${inner}/** ${property.description.trim()} */\n`;
    const optional = schema.required?.includes(name) === true ? '' : '?';
    const orUndefined = optional === '' ? '' : ' | undefined';
    return `${note}${inner}readonly ${key(name)}${optional}: ${typeText(property, inner)}${orUndefined};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function schemaDeclaration(name: string, schema: Schema): string {
  const note = schema.description === undefined ? '' : `/** ${schema.description.trim()} */\n`;
  return `${note}export type ${name} = ${typeText(schema, '')};`;
}

const queryType = (schema: Schema): string =>
  schema.format === 'date-time' ? 'date-time' : String([schema.type].flat()[0] ?? 'string');

const PARAM_TYPES: Readonly<Record<string, string>> = {
  integer: 'Int64',
  boolean: 'boolean',
  'date-time': 'string | Date',
};

function paramText(parameter: Parameter): string {
  const type = queryType(parameter.schema);
  const plain = parameter.schema.enum === undefined ? 'string' : openEnum(parameter.schema.enum);
  const text = PARAM_TYPES[type] ?? plain;
  // Every query parameter is optional in the type: which ones a server insists on is its own business.
  const optional = parameter.in === 'path' || (parameter.in === 'header' && parameter.required === true);
  return `readonly ${key(parameter.name)}${optional ? '' : '?'}: ${text}${optional ? '' : ' | undefined'}`;
}

const schemaOf = (content: Content | undefined): Schema | undefined => content?.['application/json']?.schema;

const textOf = (schema: Schema | undefined): string =>
  schema === undefined ? 'undefined' : schema.$ref === undefined ? 'unknown' : refName(schema.$ref);

function entryOf(
  contract: Contract,
  path: string,
  item: PathItem,
  method: (typeof METHODS)[number],
): Entry | undefined {
  const operation = item[method];
  if (operation === undefined) return undefined;
  const { parameters, schemas } = contract.components;
  const declared = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) =>
    parameter.$ref === undefined ? parameter : parameters[refName(parameter.$ref)]!,
  );
  const inPath = declared.filter((parameter) => parameter.in === 'path');
  const names = new Set(inPath.map((parameter) => parameter.name));
  // A page that lists the path's locationId once more as a filter adds nothing: the path has it.
  const query = declared.filter((parameter) => parameter.in === 'query' && !names.has(parameter.name));
  const headers = declared.filter((parameter) => parameter.in === 'header');
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
  const answer = textOf(schemaOf(success?.content));
  const listKey = operation['x-list-key'];
  const incremental = operation['x-incremental'];
  const newerPath = item['x-newer-path'] ?? item['x-newer-path-assumed'];
  const row = {
    method: method.toUpperCase(),
    path,
    pathParams: inPath.map((parameter) => parameter.name),
    query: query.map(({ name, schema }) => ({ name, type: queryType(schema), enum: schema.enum })),
    headers: headers.length === 0 ? undefined : headers.map((parameter) => parameter.name),
    listKey,
    listKeyAliases: listKey === undefined ? undefined : schemas[answer]?.properties?.[listKey]?.['x-aliases'],
    paginated: operation['x-paginated'],
    scope: operation['x-scope'],
    parent: operation['x-parent'],
    incremental: typeof incremental === 'object' ? incremental : undefined,
    newerPath,
    newerPathEvidence:
      newerPath === undefined ? undefined : item['x-newer-path'] === undefined ? 'assumed' : 'observed',
    hasBody: operation.requestBody !== undefined,
    write: method !== 'get',
  };
  const params = [...inPath, ...query, ...headers].map(paramText);
  return {
    id: operation.operationId,
    row,
    params,
    body: textOf(schemaOf(operation.requestBody?.content)),
    result: answer,
  };
}

/** The forms of a packet as the newer generation serves them: not among the 96, yet the only place a client was seen to read answers. */
function packetForms(entries: readonly Entry[], item: PathItem): Entry {
  const packet = entries.find((entry) => entry.id === 'getFormPacket')!;
  const path = item['x-newer-subpaths']![0]!.path;
  const row = { method: 'GET', path, pathParams: packet.row['pathParams'], query: [], hasBody: false, write: false };
  const params = packet.params.filter((text) => !text.includes('?'));
  return {
    id: 'getFormPacketForms',
    row: { ...row, newerPath: path, newerPathEvidence: 'observed' },
    params,
    body: 'undefined',
    result: 'readonly PatientForm[]',
  };
}

const HEADER = `// Generated by scripts/generate-operations.ts from contract/openapi.yaml (npm run generate). Not to be edited.
import type { OperationSpec } from './operation.ts';

/** A 64-bit id. Answers hold a number, or raw JSON text where a number would lose digits (see json.ts). */
export type Int64 = number | bigint | string;`;

/** The whole generated file for a contract given as YAML text. Pure; the same text gives the same file. */
export function generateOperations(yaml: string): string {
  const contract = parse(yaml) as Contract;
  const entries = Object.entries(contract.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => entryOf(contract, path, item, method) ?? []),
  );
  const withSubpath = Object.values(contract.paths).find((item) => item['x-newer-subpaths'] !== undefined)!;
  const all = [...entries, packetForms(entries, withSubpath)];
  const table = (name: string, text: (entry: Entry) => string): string =>
    `export interface ${name} {\n${all.map((entry) => `  ${entry.id}: ${text(entry)};`).join('\n')}\n}`;
  const sections = [
    HEADER,
    `/** Every operation by its operationId. */\nexport const operations = {\n${all.map((entry) => `  ${entry.id}: ${literal(entry.row)},`).join('\n')}\n} as const satisfies Readonly<Record<string, OperationSpec>>;`,
    'export type OperationId = keyof typeof operations;',
    table('OperationParamsById', (entry) => (entry.params.length === 0 ? '{}' : `{ ${entry.params.join('; ')} }`)),
    table('OperationBodyById', (entry) => entry.body),
    table('OperationResultById', (entry) => entry.result),
    'export type OperationParams<Op extends OperationId> = OperationParamsById[Op];',
    'export type OperationBody<Op extends OperationId> = OperationBodyById[Op];',
    'export type OperationResult<Op extends OperationId> = OperationResultById[Op];',
    ...Object.entries(contract.components.schemas).map(([name, schema]) => schemaDeclaration(name, schema)),
  ];
  return `${sections.join('\n\n')}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = generateOperations(readFileSync(new URL('../contract/openapi.yaml', import.meta.url), 'utf8'));
  writeFileSync(new URL('../src/api/operations.generated.ts', import.meta.url), text);
}
