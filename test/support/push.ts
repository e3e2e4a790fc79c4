import type { Simulator } from '../../simulator/index.ts';
import type { ApplyOptions, ApplyReport } from '../../src/app/push-run.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { Log, makeApp, type Place, query, runOnce } from './harness.ts';

/** What the mirror has to know before anything can be changed. */
export const PULLED = ['locations', 'staff', 'appointment_types', 'patients', 'appointments'];

export async function pull(place: Place, resources: readonly string[] = PULLED): Promise<void> {
  const report = await runOnce(place, { selection: { resources } });
  if (report.exitCode !== 0) throw new Error(`the pull ended as ${report.status}: ${report.error?.message}`);
}

export interface NewRow {
  readonly resource?: 'patients' | 'appointments';
  readonly operation?: 'create' | 'update' | 'delete';
  readonly account?: number;
  readonly location?: number | string | null;
  readonly target?: number | string | null;
  readonly ref?: string | null;
  readonly changes?: unknown;
  readonly allowNulls?: boolean;
  readonly by?: string;
}

/** Inserts rows as a person would, in order, and gives their ids. */
export async function enqueue(url: string, rows: readonly NewRow[]): Promise<string[]> {
  const ids: string[] = [];
  for (const row of rows) {
    const [inserted] = await query<{ id: string }>(
      url,
      `INSERT INTO lobbie_push.outbox (resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls, requested_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
      [
        row.resource ?? 'patients',
        row.operation ?? 'update',
        row.account ?? 1001,
        row.location ?? null,
        row.target ?? null,
        row.ref ?? null,
        JSON.stringify(row.changes ?? {}),
        row.allowNulls ?? false,
        row.by ?? 'crm',
      ],
    );
    ids.push(inserted?.id ?? '');
  }
  return ids;
}

// biome-ignore lint/suspicious/noExplicitAny: columns are checked by each test
export type Stored = any;

export async function rowsOf(url: string, ids?: readonly string[]): Promise<Stored[]> {
  return ids === undefined
    ? await query<Stored>(url, 'SELECT * FROM lobbie_push.outbox ORDER BY id')
    : await query<Stored>(url, 'SELECT * FROM lobbie_push.outbox WHERE id = ANY($1) ORDER BY id', [ids]);
}

export type ApplyChoice = Partial<ApplyOptions> & { readonly log?: Log };

/** One `push apply` in the test's own process. */
export async function apply(place: Place, { log, ...choice }: ApplyChoice = {}): Promise<ApplyReport> {
  const app = makeApp(place, log ?? new Log());
  const stop = choice.stop ?? new StopSignal();
  try {
    return await app.push.apply({ selection: everything, stop, ...choice });
  } finally {
    stop.dispose();
    await app.close();
  }
}

interface Line {
  readonly locationId?: number;
  readonly row: Stored;
}

/** What the API truly has of a resource. */
export async function truthOf(simulator: Simulator, resource: string, account = 1001): Promise<Stored[]> {
  const response = await fetch(`${simulator.adminUrl}/rows?resource=${resource}&account=${account}`);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .map(({ locationId, row }) => (locationId === undefined ? row : { locationId, ...row }));
}

/** Changes that reached the API, in order: `updated patients 17`. */
export async function journalOf(simulator: Simulator): Promise<string[]> {
  const response = await fetch(`${simulator.adminUrl}/journal`);
  const entries = (await response.json()) as { change: string; resource: string; id: number }[];
  return entries.map((entry) => `${entry.change} ${entry.resource} ${entry.id}`);
}
