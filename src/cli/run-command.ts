import type { Command } from 'commander';
import type { App, Progress, ResourceDescription, RunOptions, RunReport, Target } from '../app/types.ts';
import { EXIT } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import { StopSignal } from '../core/stop.ts';
import { UsageError } from './errors.ts';
import { addSelection, readSelection, type SelectionOptions, whole } from './options.ts';
import type { Output } from './output.ts';
import { createDisplay, type Display } from './progress/display.ts';
import type { Expected } from './progress/model.ts';
import { type RunDocument, runDocument } from './run-document.ts';
import { printRun } from './run-summary.ts';
import type { Shell } from './shell.ts';
import { stopOnSignals } from './signals.ts';
import { stretchOf } from './window.ts';

interface RunCommandOptions extends SelectionOptions {
  readonly restart?: boolean;
  readonly maxRequests?: number;
  readonly from?: string;
  readonly to?: string;
  readonly patient?: readonly string[];
}

/** Options and action that backfill and sync share. */
export function defineRunCommand(command: Command, shell: Shell, kind: RunOptions['kind']): void {
  addSelection(command)
    .option(
      '--max-requests <n>',
      `send no more requests than this; the next run continues from there${kind === 'sync' ? ' (default: LOBBIE_NIGHTLY_MAX_REQUESTS)' : ''}`,
      whole(1),
    )
    .action(
      shell.action<RunCommandOptions>(async ({ options, output, withApp }) => {
        const { resourceCatalogue } = await import('../app/catalogue.ts');
        const catalogue = resourceCatalogue();
        const selection = readSelection(
          options,
          catalogue.map((each) => each.name),
        );
        const target = targetOf(options, selection, catalogue);
        return await withApp(async (app) => {
          const maxRequests = options.maxRequests ?? (kind === 'sync' ? app.config.sync.nightlyMaxRequests : undefined);
          const document = await runWithProgress(app, output, {
            kind,
            selection,
            ...(options.restart === undefined ? {} : { restart: options.restart }),
            ...(maxRequests === undefined ? {} : { maxRequests }),
            ...(target === undefined ? {} : { target }),
          });
          output.data(document);
          if (!output.quiet || document.exitCode !== EXIT.done) printRun(output, document);
          return document.exitCode ?? EXIT.unexpected;
        });
      }),
    );
}

/**
 * What the options narrow a backfill to.
 *
 * @throws UsageError when they don't go together, or when a resource named has no list by date
 */
export function targetOf(
  options: Pick<RunCommandOptions, 'restart' | 'from' | 'to' | 'patient'>,
  selection: Selection,
  catalogue: readonly Pick<ResourceDescription, 'name' | 'byDate'>[],
): Target | undefined {
  const { restart, patient: patients = [] } = options;
  const window = stretchOf(options.from, options.to);
  if (window === undefined && patients.length === 0) return undefined;
  if (window !== undefined && patients.length > 0) {
    throw new UsageError('give --from and --to, or --patient, not both');
  }
  if (restart === true) {
    throw new UsageError(
      '--restart does not go with --from, --to or --patient',
      'They always start at the first page and leave an interrupted backfill as it is.',
    );
  }
  if (window === undefined) return { patients };
  const dated = catalogue.filter((each) => each.byDate).map((each) => each.name);
  const undated = selection.resources.filter((name) => !dated.includes(name));
  if (undated.length > 0) {
    throw new UsageError(
      `${undated.join(', ')} can't be read by date`,
      `These can: ${dated.join(', ')}. Read the others whole, without --from and --to.`,
    );
  }
  return { window, patients };
}

/** Runs, shows progress, obeys signals, and gives back what the database keeps of the run. */
export async function runWithProgress(
  app: App,
  output: Output,
  options: Omit<RunOptions, 'stop' | 'onProgress' | 'onStart'> & { readonly target?: Target },
): Promise<RunDocument> {
  const { resourceCatalogue } = await import('../app/catalogue.ts');
  // Missing settings are reported before anything is started.
  app.config.lobbie();
  const stop = new StopSignal();
  const unwatch = stopOnSignals(stop, (text) => output.say(text));
  const { target } = options;
  let display: Display | undefined;
  try {
    const whole = options.kind === 'backfill' && target === undefined;
    const expected = output.quiet || !whole ? new Map<string, Expected>() : await expectedLists(app, options.selection);
    display = createDisplay(output, expected);
    const shown = display;
    const hooks = {
      stop,
      onStart: (runId: string, continued: boolean) =>
        output.note(
          continued
            ? `${options.kind} ${runId} continues where an interrupted one stopped (--restart starts at the first page)`
            : `${options.kind} ${runId} begins`,
        ),
      onProgress: (progress: Progress) => shown.event(eventOf(progress)),
    };
    const report =
      target === undefined
        ? await app.run({ ...options, ...hooks })
        : await app.runTargeted({ ...options, ...hooks, target });
    display.end();
    display = undefined;
    if (target !== undefined) noteNothing(output, report);
    const details = await app.runDetails(report.runId);
    if (details === undefined) throw report.error ?? new Error('the run is not in the database');
    const hint = report.status === 'failed' ? report.error?.hint : undefined;
    const held = target === undefined ? await heldDeletes(app, options.selection) : 0;
    return runDocument(details, resourceCatalogue(), { exitCode: report.exitCode, hint, held });
  } finally {
    display?.end();
    unwatch();
  }
}

/** A narrowed run that had nothing to read is not a mistake of the run, but nobody should take it for an answer. */
function noteNothing(output: Output, { status, units }: RunReport): void {
  if (status === 'succeeded' && units.certified === 0) {
    output.note('nothing was read: no list of this selection can be narrowed like that');
  }
}

async function heldDeletes(app: App, { accounts }: Selection): Promise<number> {
  try {
    const groups = await app.deletes.groups({ status: 'held', accounts });
    return groups.reduce((sum, group) => sum + group.deletes, 0);
  } catch {
    // The database went away at the end; the run says so.
    return 0;
  }
}

/** A run's event as the display takes it. */
export function eventOf({ unit, state, rows, requests }: Progress): Parameters<Display['event']>[0] {
  const account = unit.accountId === '0' ? null : unit.accountId;
  const list = listKey(account, unit.locationId, unit.resource.name, unit.read.operation);
  return { list, resource: unit.resource.name, state, rows, requests };
}

const listKey = (...parts: readonly (string | null)[]): string => parts.map((part) => part ?? '-').join('/');

/** What each list holds by the last count; the estimates of a whole reading rest on it. */
async function expectedLists(app: App, selection: Selection): Promise<Map<string, Expected>> {
  const expected = new Map<string, Expected>();
  const status = await app.status(1);
  if (!('lists' in status)) return expected;
  const within = (chosen: readonly string[], id: string | null) =>
    chosen.length === 0 || id === null || chosen.includes(id);
  for (const list of status.lists) {
    if (list.lastCertifiedAt === null || list.rows === null || !within(selection.resources, list.resource)) continue;
    if (!within(selection.accounts, list.accountId) || !within(selection.locations, list.locationId)) continue;
    const key = listKey(list.accountId, list.locationId, list.resource, list.operation);
    expected.set(key, { resource: list.resource, rows: list.rows });
  }
  return expected;
}
