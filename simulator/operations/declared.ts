import type { Operation } from '../contract.ts';
import type { Row } from '../data/types.ts';
import type { DeclaredTable, RowsSpec } from '../rows/define.ts';
import { type Filter, READS, type Read, SORT_FIELDS } from './read-table.ts';

/** How all lists are served: those of the table, and the declared ones by what the contract says of them. */
export interface Served {
  reads: Record<string, Read>;
  tables: DeclaredTable[];
}

const paramsOf = (operation: Operation): string[] =>
  [...(operation.paths[0] as string).matchAll(/:(\w+)/g)].map((found) => found[1] as string);

function filtersOf(spec: RowsSpec): Record<string, Filter> {
  const given = Object.entries(spec.filters ?? {});
  return Object.fromEntries(
    given.map(([name, filter]): [string, Filter] => [name, (value) => ({ test: filter(value) })]),
  );
}

/** Fields with an instant that the operation sorts or filters by. @throws Error when it sorts by a text. */
function timeFieldsOf({ id, window, query }: Operation): string[] {
  const choices = (query.get('sortBy')?.schema['enum'] ?? []) as string[];
  const sorted = choices.map((choice) => SORT_FIELDS[choice]);
  if (sorted.some((field) => field === undefined || field === 'name'))
    throw new Error(`${id} sorts by ${choices.join(', ')}; a declared list sorts by instants only`);
  return [...new Set([...(window === undefined ? [] : [window.field]), ...(sorted as string[])])];
}

/** Works out how declared lists are served. @throws Error when one names an operation that the contract doesn't have. */
export function serveDeclared(operations: readonly Operation[], specs: readonly RowsSpec[]): Served {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const named = (id: string, spec: RowsSpec): Operation => {
    const operation = byId.get(id);
    if (operation === undefined) throw new Error(`${spec.resource}: the contract has no operation ${id}`);
    return operation;
  };
  const reads: Record<string, Read> = { ...READS };
  for (const spec of specs) reads[spec.list] = { resource: spec.resource };
  const tables = specs.map((spec): DeclaredTable => {
    const list = named(spec.list, spec);
    if (list.listKey === undefined || list.scope === undefined)
      throw new Error(`${spec.list} needs x-list-key and x-scope in the contract`);
    const { parent } = list;
    const parentResource = parent === undefined ? undefined : reads[parent.list]?.resource;
    if (parent !== undefined && parentResource === undefined)
      throw new Error(`${spec.list}: nothing lists ${parent.list}`);
    const above = parent === undefined ? undefined : { param: parent.param, resource: parentResource as string };
    reads[spec.list] = {
      resource: spec.resource,
      ...(above === undefined ? {} : { parent: above }),
      ...(spec.filters === undefined ? {} : { filters: filtersOf(spec) }),
      ...(parent === undefined && list.scope !== 'global' && list.query.has('patientId') ? { byPatient: true } : {}),
    };
    if (spec.get !== undefined) {
      const params = paramsOf(named(spec.get, spec));
      const id = params.at(-1) as string;
      const underParent = above !== undefined && params.includes(above.param);
      reads[spec.get] = { resource: spec.resource, id, ...(underParent ? { parent: above } : {}) };
    }
    return { spec, scope: list.scope, parentResource, timeFields: timeFieldsOf(list) };
  });
  return { reads, tables: parentsFirst(tables) };
}

/** Orders lists so that each stands after the one it hangs below. */
function parentsFirst(tables: readonly DeclaredTable[]): DeclaredTable[] {
  const ordered: DeclaredTable[] = [];
  const place = (table: DeclaredTable): void => {
    if (ordered.includes(table)) return;
    const above = tables.find(({ spec }) => spec.resource === table.parentResource);
    if (above !== undefined) place(above);
    ordered.push(table);
  };
  for (const table of tables) place(table);
  return ordered;
}

/** True where a field contains the text, whatever the case: for filters such as `name`. */
export const containing =
  (field: string) =>
  (value: unknown) =>
  (row: Row): boolean =>
    String(row[field] ?? '')
      .toLowerCase()
      .includes(String(value).toLowerCase());
