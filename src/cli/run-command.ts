import type { Command } from 'commander';
import type { App, Progress, RunOptions } from '../app.ts';
import { EXIT } from '../core/errors.ts';
import { StopSignal } from '../core/stop.ts';
import { addSelection, readSelection, type SelectionOptions, whole } from './options.ts';
import type { Output } from './output.ts';
import { createDisplay, type Display } from './progress/display.ts';
import type { Expected } from './progress/model.ts';
import { type RunDocument, runDocument } from './run-document.ts';
import { printRun } from './run-summary.ts';
import type { Shell } from './shell.ts';
import { stopOnSignals } from './signals.ts';

interface RunCommandOptions extends SelectionOptions {
  readonly restart?: boolean;
  readonly maxRequests?: number;
}

/** Options and action that backfill and sync share. */
export function defineRunCommand(command: Command, shell: Shell, kind: RunOptions['kind']): void {
  addSelection(command)
    .option('--max-requests <n>', 'send no more requests than this; the next run goes on from there', whole(1))
    .action(
      shell.action<RunCommandOptions>(async ({ options, output, withApp }) => {
        const { resourceCatalogue } = await import('../app.ts');
        const catalogue = resourceCatalogue();
        const selection = readSelection(
          options,
          catalogue.map((each) => each.name),
        );
        return await withApp(async (app) => {
          const document = await runWithProgress(app, output, {
            kind,
            selection,
            ...(options.restart === undefined ? {} : { restart: options.restart }),
            ...(options.maxRequests === undefined ? {} : { maxRequests: options.maxRequests }),
          });
          output.data(document);
          if (!output.quiet || document.exitCode !== EXIT.done) printRun(output, document);
          return document.exitCode ?? EXIT.unexpected;
        });
      }),
    );
}

/** Runs, shows progress, obeys signals, and gives back what the database keeps of the run. */
export async function runWithProgress(
  app: App,
  output: Output,
  options: Omit<RunOptions, 'stop' | 'onProgress' | 'onStart'>,
): Promise<RunDocument> {
  const { resourceCatalogue } = await import('../app.ts');
  // Missing settings are told before anything is started.
  app.config.lobbie();
  const stop = new StopSignal();
  const unwatch = stopOnSignals(stop, (text) => output.say(text));
  let display: Display | undefined;
  try {
    const expected = output.quiet ? new Map<string, Expected>() : await expectedLists(app, options);
    display = createDisplay(output, expected);
    const shown = display;
    const report = await app.run({
      ...options,
      stop,
      onStart: (runId, continued) =>
        output.note(
          continued
            ? `${options.kind} ${runId} goes on where an interrupted one stopped (--restart begins anew)`
            : `${options.kind} ${runId} begins`,
        ),
      onProgress: (progress) => shown.event(eventOf(progress)),
    });
    display.end();
    display = undefined;
    const details = await app.runDetails(report.runId);
    if (details === undefined) throw report.error ?? new Error('the run is not in the database');
    const hint = report.status === 'failed' ? report.error?.hint : undefined;
    return runDocument(details, resourceCatalogue(), { exitCode: report.exitCode, hint });
  } finally {
    display?.end();
    unwatch();
  }
}

/** A run's event as the display takes it. */
export function eventOf({ unit, state, rows, requests }: Progress): Parameters<Display['event']>[0] {
  const account = unit.accountId === '0' ? null : unit.accountId;
  const list = listKey(account, unit.locationId, unit.resource.name, unit.read.operation);
  return { list, resource: unit.resource.name, state, rows, requests };
}

const listKey = (...parts: readonly (string | null)[]): string => parts.map((part) => part ?? '-').join('/');

/** What the last whole reading of each list brought; the estimates rest on it. A sync may read less. */
async function expectedLists(
  app: App,
  { kind, selection }: Pick<RunOptions, 'kind' | 'selection'>,
): Promise<Map<string, Expected>> {
  const expected = new Map<string, Expected>();
  if (kind !== 'backfill') return expected;
  const status = await app.status(1);
  if (!('lists' in status)) return expected;
  const within = (chosen: readonly string[], id: string | null) =>
    chosen.length === 0 || id === null || chosen.includes(id);
  for (const list of status.lists) {
    if (list.lastCertifiedAt === null || !within(selection.resources, list.resource)) continue;
    if (!within(selection.accounts, list.accountId) || !within(selection.locations, list.locationId)) continue;
    const key = listKey(list.accountId, list.locationId, list.resource, list.operation);
    expected.set(key, { resource: list.resource, rows: list.rows });
  }
  return expected;
}
