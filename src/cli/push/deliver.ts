import type { Command } from 'commander';
import type { ApplyReport, PlanEntry, PlanReport } from '../../app/types.ts';
import { describeError, EXIT } from '../../core/errors.ts';
import { shownError } from '../errors.ts';
import { plural, table } from '../format.ts';
import { type SelectionOptions, whole } from '../options.ts';
import type { Output } from '../output.ts';
import { paintStatus } from '../run-summary.ts';
import type { Invocation, Shell } from '../shell.ts';
import { stoppable } from '../signals.ts';
import { addRows, selectionOf } from './options.ts';

interface PlanOptions extends SelectionOptions {
  readonly showValues?: boolean;
  readonly limit: number;
  readonly maxRequests?: number;
  readonly yes?: boolean;
}

interface ApplyOptions extends PlanOptions {
  readonly dryRun?: boolean;
  readonly maxChanges?: number;
}

/** Options that plan and apply share. */
function addShared(command: Command): Command {
  return addRows(command)
    .option('--yes', 'deliver deletes too, without an approval of each')
    .option('--show-values', 'print the values that differ: protected health information; the audit log keeps that')
    .option('--limit <n>', 'rows that a plan looks at', whole(1), 200)
    .option('--max-requests <n>', 'send no more requests than this', whole(1));
}

export function definePlan(command: Command, shell: Shell): void {
  addShared(command)
    .description('what is stored, what is wanted and what Lobbie has now, field by field; writes nothing')
    .action(shell.action<PlanOptions>(plan));
}

export function defineApply(command: Command, shell: Shell): void {
  addShared(command)
    .description('deliver what waits in the outbox')
    .option('--dry-run', 'the same as push plan')
    .option('--max-changes <n>', 'send no more changes than this (default: LOBBIE_PUSH_MAX_CHANGES)', whole(1))
    .action(
      shell.action<ApplyOptions>(async (invocation) => {
        const { args, options, output, withApp } = invocation;
        if (options.dryRun === true) return await plan(invocation);
        const selection = selectionOf(options);
        return await withApp(async (app) => {
          const report = await stoppable(output, (stop) =>
            app.push.apply({
              ...{ selection, stop, deletes: options.yes === true },
              ...(args.length > 0 ? { ids: args } : {}),
              ...(options.maxChanges === undefined ? {} : { maxChanges: options.maxChanges }),
              ...(options.maxRequests === undefined ? {} : { maxRequests: options.maxRequests }),
            }),
          );
          output.data(applyDocument(report));
          if (!output.quiet || report.exitCode !== EXIT.done) printApply(output, report);
          if (args.length > 0 && Object.values(report.totals).every((rows) => rows === 0)) {
            output.note(`none of these rows can be delivered now: lobbie-sync push status ${args.join(' ')}`);
          }
          return report.exitCode;
        });
      }),
    );
}

async function plan({ args, options, output, withApp }: Invocation<PlanOptions>): Promise<PlanReport['exitCode']> {
  const selection = selectionOf(options);
  const shown = options.showValues === true;
  return await withApp(async (app) => {
    const report = await stoppable(output, (stop) =>
      app.push.plan(
        {
          ...{ selection, stop, deletes: options.yes === true, limit: options.limit },
          ...(args.length > 0 ? { ids: args } : {}),
          ...(options.maxRequests === undefined ? {} : { maxRequests: options.maxRequests }),
        },
        shown,
      ),
    );
    const rows = report.entries.map((entry) => planLine(entry, shown));
    const { entries: _entries, error, ...rest } = report;
    output.data({ ...rest, error: error === undefined ? null : shownError(error), rows });
    printPlan(output, report, shown);
    if (rows.length === options.limit) output.note(`only ${options.limit} rows were looked at; --limit looks at more`);
    return report.exitCode;
  });
}

/** A row of a plan; values only when they are requested. */
export function planLine({ fields, ...entry }: PlanEntry, shown: boolean) {
  return {
    ...entry,
    fields: fields.map(({ field, verdict, stored = null, wanted = null, now = null }) =>
      shown ? { field, verdict, stored, wanted, now } : { field, verdict },
    ),
  };
}

function printPlan(output: Output, report: PlanReport, shown: boolean): void {
  if (report.error !== undefined) output.line(describeError(report.error));
  if (report.entries.length === 0) {
    output.line('nothing waits to be delivered');
    return;
  }
  const cells = report.entries.flatMap((entry) => {
    const subject = `${entry.operation} ${entry.resource} ${entry.targetId ?? '(new)'}`;
    const faults = entry.faults.map(({ field, problem }) => [field, problem]);
    const fields = entry.fields.map((each) => [
      each.field,
      shown
        ? `${each.verdict}: ${valueText(each.stored)} → ${valueText(each.wanted)}, now ${valueText(each.now)}`
        : each.verdict,
    ]);
    const lines = faults.length > 0 ? faults : fields;
    const [first = ['', ''], ...rest] = lines;
    return [
      [entry.id, entry.accountId, subject, entry.verdict, ...first],
      ...rest.map((line) => ['', '', '', '', ...line]),
      ...(entry.reason === null || faults.length > 0 ? [] : [['', '', '', '', '', `(${entry.reason})`]]),
    ];
  });
  const paintHead = (text: string) => output.paint('dim', text);
  output.line(table(cells, { head: ['row', 'account', 'change', 'verdict', 'field', ''], right: [0], paintHead }));
  if (!shown) output.note('--show-values prints the values that differ (protected health information)');
}

/** Typed quotes keep a value within its cell, whatever is in it. */
const valueText = (value: unknown): string =>
  value === undefined
    ? '-'
    : JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));

export function applyDocument({ totals, error, ...report }: ApplyReport) {
  return { ...report, error: error === undefined ? null : shownError(error), counts: countsOf(totals) };
}

/** Rows by what became of them; what Lobbie refused is rejected like what failed its check here. */
function countsOf({ succeeded, altered, conflict, rejected, refused, failed, ...totals }: ApplyReport['totals']) {
  const { in_doubt: inDoubt, postponed } = totals;
  return { succeeded, altered, conflict, rejected: rejected + refused, failed, inDoubt, postponed };
}

function printApply(output: Output, report: ApplyReport): void {
  const counts = countsOf(report.totals);
  const parts = [
    `${plural(counts.succeeded, 'change')} delivered`,
    counts.altered > 0 ? `${counts.altered} of them changed more than was sent` : '',
    counts.conflict > 0 ? plural(counts.conflict, 'conflict') : '',
    counts.rejected > 0 ? `${counts.rejected} rejected` : '',
    counts.failed > 0 ? `${counts.failed} failed` : '',
    counts.inDoubt > 0 ? `${counts.inDoubt} were in doubt for a while or still are` : '',
  ].filter((text) => text !== '');
  const status = paintStatus(output, report.status);
  output.line(`${output.paint('bold', `push ${report.runId}`)} ${status}: ${parts.join(', ')}`);
  if (report.error !== undefined) output.line(`  ${describeError(report.error)}`);
  if (report.undecided > 0) {
    output.line(`  ${plural(report.undecided, 'row waits', 'rows wait')} for a person: npx lobbie-sync push status`);
  } else if (counts.rejected + counts.failed > 0) output.line('  why: npx lobbie-sync push status');
}
