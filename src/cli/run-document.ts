import type { MassChange, ResourceDescription, RunDetails } from '../app/types.ts';
import type { ExitCode } from '../core/errors.ts';
import { everything } from '../core/selection.ts';
import { commandLine, type RunSelection, retryCommands } from './retry-command.ts';

const COUNTS = {
  requests: 'requests',
  rows_read: 'read',
  rows_inserted: 'inserted',
  rows_updated: 'updated',
  rows_unchanged: 'unchanged',
  rows_deleted: 'deleted',
  rows_rejected: 'rejected',
} as const;

type CountColumn = keyof typeof COUNTS;
/** What was done to rows, by name. */
export type Counts = Record<(typeof COUNTS)[CountColumn], number>;

/** One run as data. */
export interface RunDocument {
  readonly runId: string;
  readonly kind: string;
  readonly status: string;
  readonly exitCode?: ExitCode;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly hint: string | null;
  readonly selection: RunSelection;
  readonly counts: Counts;
  readonly resources: readonly ({ readonly resource: string } & Counts)[];
  readonly problems: readonly {
    readonly accountId: string | null;
    readonly locationId: string | null;
    readonly resource: string | null;
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  }[];
  /** `isNew`: no run met it before. */
  readonly unknownFields: readonly {
    readonly resource: string;
    readonly field: string;
    readonly records: number;
    readonly isNew: boolean;
  }[];
  /** Lists of which an unusual part changed; their change hints wait for the rotation. */
  readonly massChanges: readonly MassChange[];
  /** Deletes that waited for a person when the run ended; null: some, they are counted only at its end. */
  readonly held: number | null;
  /** Commands that finish what this run left. */
  readonly next: readonly string[];
}

/** Shows the deletes that wait for a person. */
export const DELETES = 'npx lobbie-sync deletes list';

const countsOf = (row: Readonly<Record<string, unknown>>): Counts =>
  Object.fromEntries(Object.entries(COUNTS).map(([column, name]) => [name, Number(row[column] ?? 0)])) as Counts;

const textOrNull = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));

/** Makes the document of a run from what the database keeps of it. */
export function runDocument(
  details: RunDetails,
  catalogue: readonly ResourceDescription[],
  more: { readonly exitCode?: ExitCode; readonly hint?: string | undefined; readonly held?: number } = {},
): RunDocument {
  const { run } = details;
  const selection = { ...everything, ...(run.selection as Partial<RunSelection> | null) };
  const problems = details.problems.map((problem) => ({
    accountId: textOrNull(problem['account_id']),
    locationId: textOrNull(problem['location_id']),
    resource: textOrNull(problem['resource']),
    code: String(problem['code']),
    message: String(problem['message']),
    hint: textOrNull(problem['hint']),
  }));
  const childrenOf = (resource: string) =>
    catalogue.filter((each) => each.parents.includes(resource)).map((each) => each.name);
  // A reading that is partial without a problem read everything: it only left deletes to a person.
  const onlyHeld = run.status === 'partial' && run.kind !== 'verify' && problems.length === 0;
  const held = more.held ?? (onlyHeld ? null : 0);
  const again = run.status === 'incomplete' || run.status === 'failed';
  return {
    runId: run.id,
    kind: run.kind,
    status: run.status,
    ...(more.exitCode === undefined ? {} : { exitCode: more.exitCode }),
    startedAt: run.started_at,
    finishedAt: run.finished_at,
    durationMs: run.finished_at === null ? null : run.finished_at.getTime() - run.started_at.getTime(),
    error: run.error,
    hint: more.hint ?? null,
    selection,
    counts: countsOf(run),
    resources: details.resources.map((row) => ({ resource: row.resource, ...countsOf(row) })),
    problems,
    unknownFields: details.unknownFields.map((each) => ({ ...each, records: Number(each.records) })),
    massChanges: details.massChanges,
    held,
    next: [
      ...(selection.target?.deletes !== undefined && run.status !== 'succeeded'
        ? [DELETES]
        : again
          ? [commandLine(run.kind, selection)]
          : run.status === 'partial'
            ? retryCommands(problems, { kind: run.kind, selection, childrenOf })
            : []),
      ...(held === 0 ? [] : [DELETES]),
    ],
  };
}
