import { compareWithTruth, type Difference } from '../../odd-api/oracle/compare.ts';
import { type TableTruth, truthOf } from '../../odd-api/oracle/tables.ts';
import type { World } from '../../odd-api/world/world.ts';
import { query } from '../../support/harness.ts';
import type { NotYetDue } from './changes.ts';

/**
 * What a run promises, held against the world.
 *
 * `succeeded` (docs/guarantees.md): every list that the run set out to read was read to its end, and no delete is held. So a table
 * differs from Lobbie only by
 * - what the strategy leaves to the rotation (docs/strategies.md),
 * - records that were rejected, with all that hangs below them, and rows that are gone from a list with rejects,
 * - rows that moved while their list was read: a list is not a snapshot.
 *
 * Any end at all: no row holds what Lobbie never held.
 */
export class Promises {
  readonly #databaseUrl: string;
  readonly #world: World;
  readonly #notYetDue: NotYetDue;
  /** What the world held, the latest first. */
  readonly #past: ReadonlyMap<string, TableTruth>[] = [];

  constructor(databaseUrl: string, world: World, notYetDue: NotYetDue) {
    this.#databaseUrl = databaseUrl;
    this.#world = world;
    this.#notYetDue = notYetDue;
  }

  /** Notes what the world holds now; to be called after each change of it. */
  remember(): void {
    // Records are replaced when they change, so that this stays as it is.
    this.#past.unshift(truthOf(this.#world));
  }

  /**
   * Looks at the warehouse after a run.
   *
   * @param moved tables of lists whose rows moved while this run read them
   * @returns what breaks the promise of `succeeded`, and what Lobbie never held
   */
  async look(moved: ReadonlySet<string>): Promise<{ readonly undone: Difference[]; readonly invented: Difference[] }> {
    const ask = (sql: string) => query(this.#databaseUrl, sql);
    const found = await compareWithTruth(ask, truthOf(this.#world));
    const rejects = await Rejects.of(this.#databaseUrl, this.#world);
    const undone = found.filter(
      ({ table, key, how }) =>
        !this.#notYetDue.has(`${table} ${key}`) && !moved.has(table) && !rejects.explain(table, key, how),
    );
    let invented = found.filter(({ how }) => how !== 'missing');
    for (const truth of this.#past) {
      if (invented.length === 0) break;
      const then = new Set((await compareWithTruth(ask, truth)).map(({ table, key }) => `${table} ${key}`));
      invented = invented.filter(({ table, key }) => then.has(`${table} ${key}`));
    }
    return { undone, invented };
  }
}

/** Columns that name a row's parent, and the tables of those. */
const PARENTS: Readonly<Record<string, string>> = {
  patient_id: 'patients',
  group_id: 'crm_status_groups',
  form_template_id: 'form_templates',
  form_packet_id: 'form_packets',
  form_id: 'forms',
  invoice_id: 'invoices',
  lab_id: 'labs',
};

interface RowName {
  readonly table: string;
  readonly key: string;
}

interface Rejected {
  readonly account: string;
  readonly resource: string;
  readonly key: string | null;
}

/** Records that were rejected at any time, and what they explain. */
class Rejects {
  readonly #all: readonly Rejected[];
  readonly #parents: ReadonlyMap<string, readonly RowName[]>;

  private constructor(all: readonly Rejected[], parents: ReadonlyMap<string, readonly RowName[]>) {
    this.#all = all;
    this.#parents = parents;
  }

  static async of(databaseUrl: string, world: World): Promise<Rejects> {
    const all = await query<Rejected>(
      databaseUrl,
      'SELECT DISTINCT account_id::text AS account, resource, record_key AS key FROM lobbie_sync.rejects',
    );
    return new Rejects(all, parentsOf(world));
  }

  explain(table: string, key: string, how: Difference['how']): boolean {
    // A list with a reject proves no absence.
    if (how === 'extra' && this.#all.some(({ resource }) => resource === table)) return true;
    return this.#has(table, key) || this.#below(table, key);
  }

  #has(table: string, key: string): boolean {
    return this.#all.some((each) => {
      // An id that was sent as a negative number is that of the record all the same.
      const id = each.key?.replace(/^-/, '');
      return each.resource === table && (id === undefined || key === id || key.endsWith(`/${id}`));
    });
  }

  #below(table: string, key: string): boolean {
    const parents = this.#parents.get(`${table} ${key}`) ?? [];
    return parents.some((parent) => this.#has(parent.table, parent.key) || this.#below(parent.table, parent.key));
  }
}

/** The parents of each row, by its name. */
function parentsOf(world: World): ReadonlyMap<string, readonly RowName[]> {
  const found = new Map<string, readonly RowName[]>();
  for (const [table, { key, rows }] of truthOf(world)) {
    for (const { columns } of rows) {
      const parents = Object.entries(PARENTS).flatMap(([column, parent]): RowName[] => {
        const id = columns[column];
        if (parent === table || id === null || id === undefined) return [];
        return [{ table: parent, key: `${String(columns['account_id'])}/${String(id)}` }];
      });
      found.set(`${table} ${key.map((name) => String(columns[name])).join('/')}`, parents);
    }
  }
  return found;
}
