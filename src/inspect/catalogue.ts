import type { PhiClass } from '../core/phi.ts';
import { RESOURCES } from '../extractors/registry.ts';
import type { Read, Resource, Scope } from '../extractors/resource.ts';
import { carrierOf, chooseRead, parentsOf } from '../extractors/select.ts';
import { describeStrategy } from '../extractors/strategy.ts';

/** A resource as the command `resources` shows it. */
export interface ResourceDescription {
  readonly name: string;
  readonly table: string;
  readonly description: string;
  readonly scope: Scope;
  /** Operations that bring its rows; empty when they come inside the records of `carriedBy`. */
  readonly operations: readonly string[];
  readonly carriedBy: string | null;
  /** Resources that must be in the warehouse before it. */
  readonly parents: readonly string[];
  /** What the nightly sync does, and how a full read works. */
  readonly strategy: string;
  /** Whether its list can be read for a window of time. */
  readonly byDate: boolean;
  /** Reads one row by its id. */
  readonly getOperation: string | null;
  /** Requests of a full read of one account; {@link COST_LEGEND} explains the letters. */
  readonly cost: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly phi: PhiClass }[];
}

/** The letters in `cost`; all counts are of one account. */
export const COST_LEGEND: Readonly<Record<string, string>> = {
  n: 'rows of the list',
  L: 'locations',
  P: 'patients',
  I: 'invoices',
  B: 'labs that came without their results',
  F: 'form packets',
  T: 'form templates, summed over locations',
  G: 'CRM status groups',
  S: 'self-scheduling settings in use',
};

const LETTER: Readonly<Record<string, string>> = {
  patients: 'P',
  invoices: 'I',
  labs: 'B',
  form_packets: 'F',
  form_templates: 'T',
  crm_status_groups: 'G',
  remote_care_settings: 'S',
};

/** Every resource, in the order of the registry. */
export function describeResources(newerOperations: ReadonlySet<string>): ResourceDescription[] {
  return RESOURCES.map((resource) => describe(resource, newerOperations));
}

function describe(resource: Resource, newerOperations: ReadonlySet<string>): ResourceDescription {
  const reads = resource.reads.map((read) => chooseRead(read, newerOperations));
  const carrier = carrierOf(resource);
  const embedded = carrier === undefined ? [] : [`comes inside the records of ${carrier.name}`];
  const full = [...embedded, ...new Set(reads.map(strategyOf))].join('; ');
  return {
    name: resource.name,
    table: `lobbie.${resource.name}`,
    description: resource.description,
    scope: resource.scope,
    operations: reads.map((read) => read.operation),
    carriedBy: carrier?.name ?? null,
    parents: parentsOf(resource),
    // A resource that only comes with another one has no strategy of its own for the nightly sync.
    strategy: reads.length === 0 ? full : `${describeStrategy(resource.strategy)} | full read: ${full}`,
    byDate: (reads.length === 0 ? (carrier?.reads ?? []) : reads).some((read) => read.window !== undefined),
    getOperation: resource.get?.operation ?? null,
    cost: reads.length === 0 ? '0' : reads.map(costOf).join(' + '),
    columns: resource.columns.map((column) => ({ name: column.name, type: column.sql, phi: column.phi })),
  };
}

function strategyOf(read: Read): string {
  if (read.parent !== undefined) return `one read per row of ${read.parent.resource}`;
  const what = read.listKey === undefined ? 'single record' : 'whole list';
  const where = { global: 'once', account: 'per account', location: 'per location' }[read.scope];
  return read.window === undefined ? `${what} ${where}` : `${what} ${where}, twice: without bounds and in date windows`;
}

function costOf(read: Read): string {
  if (read.parent !== undefined) return LETTER[read.parent.resource] ?? `rows of ${read.parent.resource}`;
  if (!read.paginated) return read.scope === 'location' ? 'L' : '1';
  const pages = read.scope === 'location' ? 'n/100 + L' : 'n/100';
  return read.window === undefined ? pages : `2 (${pages})`;
}
