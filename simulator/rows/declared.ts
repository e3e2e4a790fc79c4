import { Catalogue } from '../data/catalogue.ts';
import { ChildTable } from '../data/children.ts';
import { Ids } from '../data/ids.ts';
import { Layout } from '../data/layout.ts';
import { Table } from '../data/table.ts';
import type { Row, Source } from '../data/types.ts';
import { mix } from '../random.ts';
import { parseSeconds } from '../time.ts';
import { skewed } from './appointments.ts';
import { type AccountContext, kindSeed } from './context.ts';
import type { DeclaredTable, Making } from './define.ts';
import type { PatientFacts } from './patients.ts';

/** Rows below one parent at most; a power of two. */
const PLACES = 8;

/** A declared list of an account, ready to be served. */
export interface DeclaredRows {
  table: DeclaredTable;
  source: Table | ChildTable | Catalogue;
  /** Adds a row below a parent and gives its id. Lists without a parent add rows by their table. */
  add(parentId: number, hash: number, at: number): number;
}

/** Builds one declared list of an account; `parent` is the source that it hangs below. */
export function makeDeclared(
  context: AccountContext,
  table: DeclaredTable,
  patients: PatientFacts,
  parent: Source | undefined,
): DeclaredRows {
  const { spec } = table;
  const kind = spec.resource.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
  const seed = kindSeed(context, kind);
  const making = (own: {
    id: number;
    s: number;
    created: number;
    asOf: number;
    location?: number;
    above?: Row;
  }): Making => ({
    id: own.id,
    hash: (n) => mix(own.s, n),
    created: own.created,
    asOf: own.asOf,
    context,
    location: own.location === undefined ? undefined : context.locations[own.location],
    parent: own.above,
    patient: () => patientOf(context, patients, own.s, parent?.resource === 'patients' ? 'id' : 'patientId', own.above),
  });
  if (table.parentResource !== undefined) return below(context, table, seed, parent as Source, making);
  const ids = new Ids(spec.idBase, context.accounts, context.ordinal, seed);
  const perLocation = table.scope === 'location';
  const layout = perLocation ? context.layout : new Layout([1]);
  const indexOfPatient = (i: number): number => skewed(mix(mix(seed, i + 1), 1), context.patients);
  const generate = (i: number): Row => {
    const location = perLocation ? { location: layout.locationOf(i) } : {};
    const times = { created: source.createdOf(i), asOf: source.asOf(i) };
    return spec.row(making({ id: ids.of(i), s: mix(seed, i + 1), ...times, ...location }));
  };
  const source = new Table({
    resource: spec.resource,
    ids,
    layout,
    locationIds: perLocation ? context.locations.map((place) => place.id) : [],
    count: spec.count(context.patients, seed),
    seed,
    present: context.present,
    history: context.history,
    generate,
    times: Object.fromEntries(
      table.timeFields.map((field) => [field, (i: number) => parseSeconds(generate(i)[field])]),
    ),
    patientOf: indexOfPatient,
    patients: { count: context.patients, ids: patients.table.spec.ids },
  });
  const add = (): never => {
    throw new Error(`${spec.resource} has no parents`);
  };
  return { table, source, add };
}

function patientOf(
  context: AccountContext,
  patients: PatientFacts,
  s: number,
  field: string,
  above: Row | undefined,
): { id: number; name: string } {
  const given = above?.[field];
  const found = typeof given === 'number' ? patients.table.spec.ids.indexOf(given) : -1;
  const i = found >= 0 ? found : skewed(mix(s, 1), context.patients);
  return { id: patients.idOf(i), name: patients.nameOf(i) };
}

/** A list below the rows of another one. */
function below(
  context: AccountContext,
  table: DeclaredTable,
  seed: number,
  parent: Source,
  making: (own: { id: number; s: number; created: number; asOf: number; above?: Row }) => Making,
): DeclaredRows {
  const { spec } = table;
  const { present, history } = context;
  const countOf = (hash: number): number => Math.min(PLACES, spec.count(context.patients, hash));
  const rowOf = (id: number, s: number, created: number, asOf: number, above: Row): Row =>
    spec.row(making({ id, s, created, asOf, above }));
  if (parent instanceof Table) {
    const generate = (i: number, idOf: (place: number) => number): Row[] => {
      const s = mix(seed, i + 1);
      const count = countOf(mix(s, 1));
      if (count === 0) return [];
      const [above, created, asOf] = [parent.row(i), parent.createdOf(i), parent.asOf(i)];
      return Array.from({ length: count }, (_, n) => rowOf(idOf(n), mix(s, 20 + n), created, asOf, above));
    };
    const { accounts, ordinal } = context;
    const { resource, idBase: base } = spec;
    const source = new ChildTable({ resource, parent, base, places: PLACES, accounts, ordinal, generate });
    const add = (parentId: number, hash: number, at: number): number => {
      const { id: _none, ...fields } = rowOf(0, hash, at, at, parent.get({}, parentId) ?? {});
      return source.create(parent.spec.ids.indexOf(parentId), fields);
    };
    return { table, source, add };
  }
  const ids = new Ids(spec.idBase, context.accounts, context.ordinal, seed);
  let made = 0;
  // A row above that stands in several lists has its rows below once.
  const above = new Map([...parent.all()].map(({ row }) => [row['id'] as number, row]));
  const entries = [...above].flatMap(([id, row], p) => {
    const s = mix(seed, p + 1);
    return Array.from({ length: countOf(mix(s, 1)) }, (_, n) => {
      made += 1;
      return { row: rowOf(ids.of(made), mix(s, 20 + n), present - history, present, row), parent: id };
    });
  });
  const source = new Catalogue({ resource: spec.resource, entries });
  const add = (parentId: number, hash: number, at: number): number => {
    made += 1;
    const id = ids.of(made);
    source.add({ row: rowOf(id, hash, at, at, parent.get({}, parentId) ?? {}), parent: parentId });
    return id;
  };
  return { table, source, add };
}

/** Rows of a list that belongs to the token: the same for every account, so it knows neither patients nor locations. */
export function makeGlobal(context: AccountContext, table: DeclaredTable): Catalogue {
  const { spec } = table;
  const seed = kindSeed(context, spec.resource);
  const ids = new Ids(spec.idBase, context.accounts, context.ordinal, seed);
  const created = context.present - context.history;
  const entries = Array.from({ length: spec.count(0, seed) }, (_, i) => {
    const own = { id: ids.of(i), hash: (n: number) => mix(mix(seed, i + 1), n), created, asOf: context.present };
    const patient = (): never => {
      throw new Error(`${spec.resource} belongs to no account and so to no patient`);
    };
    return { row: spec.row({ ...own, context, location: undefined, parent: undefined, patient }) };
  });
  return new Catalogue({ resource: spec.resource, entries });
}
