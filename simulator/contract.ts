import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A JSON schema as it stands in the contract. */
export type Schema = { [keyword: string]: unknown };

/** One operation of the contract, with what routing and checking need. */
export interface Operation {
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path and its aliases; parameters as `:name`. */
  paths: string[];
  /** A sub-path of the newer API that serves the same data as a bare array. */
  barePaths: string[];
  /** Query parameters with their schemas. */
  query: Map<string, { schema: Schema; required: boolean }>;
  /** Schema of the request body, if there is one. */
  body: Schema | undefined;
  /** Name of the array of a list. */
  listKey: string | undefined;
  paginated: boolean;
  /** How often the list is read. */
  scope: 'global' | 'account' | 'location' | undefined;
  /** The list that gives the ids of a path parameter. */
  parent: { list: string; param: string } | undefined;
  /** Names of the window parameters and the field compared. */
  window: { from: string; to: string; field: string } | undefined;
}

interface RawParameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}

interface RawOperation {
  operationId: string;
  parameters?: RawParameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  'x-list-key'?: string;
  'x-paginated'?: boolean;
  'x-scope'?: 'global' | 'account' | 'location';
  'x-parent'?: { list: string; param: string };
  'x-incremental'?: string | { from: string; to: string; field: string };
}

/** The contract as parsed. */
export interface Document {
  paths: Record<string, Record<string, unknown>>;
  components: { parameters: Record<string, RawParameter>; schemas: Record<string, Schema> };
}

/** Reads contract/openapi.yaml. */
export function readContract(): Document {
  return parse(readFileSync(new URL('../contract/openapi.yaml', import.meta.url), 'utf8')) as Document;
}

function route(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** Replaces a `$ref` by what it points to. */
export function resolve(document: Document, schema: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  return document.components.schemas[reference.split('/').at(-1) as string] as Schema;
}

/** All operations of the contract. */
export function operationsOf(document: Document): Operation[] {
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    const aliases = [item['x-newer-path'], item['x-newer-path-assumed']].filter((alias) => typeof alias === 'string');
    const subpaths = (item['x-newer-subpaths'] ?? []) as { path: string; method: string }[];
    for (const method of ['get', 'post', 'put', 'delete'] as const) {
      const raw = item[method] as RawOperation | undefined;
      if (raw === undefined) continue;
      const query: Operation['query'] = new Map();
      for (const parameter of raw.parameters ?? []) {
        const name = parameter.$ref?.split('/').at(-1);
        const full = name === undefined ? parameter : (document.components.parameters[name] as RawParameter);
        if (full.in === 'query') query.set(full.name, { schema: full.schema, required: full.required ?? false });
      }
      const body = raw.requestBody?.content['application/json']?.schema;
      const incremental = raw['x-incremental'];
      operations.push({
        id: raw.operationId,
        method: method.toUpperCase() as Operation['method'],
        paths: [path, ...aliases].map(route),
        barePaths: subpaths.filter((subpath) => subpath.method === method).map((subpath) => route(subpath.path)),
        query,
        body: body === undefined ? undefined : resolve(document, body),
        listKey: raw['x-list-key'],
        paginated: raw['x-paginated'] ?? false,
        scope: raw['x-scope'],
        parent: raw['x-parent'],
        window: typeof incremental === 'object' ? incremental : undefined,
      });
    }
  }
  return operations;
}
