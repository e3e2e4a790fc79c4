import { Ids } from '../data/ids.ts';
import { Table } from '../data/table.ts';
import type { TableSpec } from '../data/table-spec.ts';
import type { AccountContext } from './context.ts';
import { ID_BASE, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

/** What differs between the big tables of a location. */
export type BigSpec = Pick<TableSpec, 'resource' | 'generate' | 'times' | 'quick' | 'patientOf' | 'count'> & {
  kind: keyof typeof ID_BASE;
};

/** Ids of a big table. */
export function bigIds(context: AccountContext, kind: keyof typeof ID_BASE): Ids {
  return new Ids(ID_BASE[kind], context.accounts, context.ordinal, kindSeed(context, kind));
}

/** A table whose rows hang under locations and belong to patients. */
export function bigTable(context: AccountContext, patients: PatientFacts, spec: BigSpec): Table {
  const { kind, ...rest } = spec;
  return new Table({
    ...rest,
    ids: bigIds(context, kind),
    layout: context.layout,
    locationIds: context.locations.map((place) => place.id),
    seed: kindSeed(context, kind),
    present: context.present,
    history: context.history,
    patients: { count: context.patients, ids: patients.table.spec.ids },
  });
}

/** Index of a row of another table in the same location, found from the rank: links stay inside a location. */
export function linked(context: AccountContext, from: Table, i: number, to: Table, ratio: number): number {
  const location = context.layout.locationOf(i);
  const own = Math.max(from.extent(location).start, 1);
  const other = to.extent(location).start;
  if (other === 0) return -1;
  const k = Math.floor((context.layout.rankOf(i) % own) * ratio) % other;
  return context.layout.indexOf(location, k);
}
