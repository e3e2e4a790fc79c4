import { deletesSentence } from './deletes-text.ts';
import { count, duration, instant, plural, table } from './format.ts';
import { MASS_CHANGES, massChangeLines } from './mass-change-text.ts';
import type { Output } from './output.ts';
import { type Counts, DELETES, type RunDocument } from './run-document.ts';
import { unknownNews, unknownSections } from './unknown-text.ts';

const STATUS_STYLE = {
  succeeded: 'green',
  running: 'cyan',
  partial: 'yellow',
  incomplete: 'yellow',
  failed: 'red',
} as const;

/** A run's status, coloured. */
export function paintStatus(output: Output, status: string): string {
  return output.paint(STATUS_STYLE[status as keyof typeof STATUS_STYLE] ?? 'reset', status);
}

/**
 * Prints a run for people.
 *
 * @param more.unknown whether unknown fields that earlier runs met too are named. Default false.
 */
export function printRun(output: Output, run: RunDocument, { unknown = false } = {}): void {
  const bold = (text: string) => output.paint('bold', text);
  const dim = (text: string) => output.paint('dim', text);
  const took = run.durationMs === null ? '' : ` in ${duration(run.durationMs)}`;
  const reason = run.error === null ? '' : `: ${run.error}`;
  output.line(`${bold(`${run.kind} ${run.runId}`)} ${paintStatus(output, run.status)}${took}${reason}`);
  if (run.hint !== null) output.line(`  → ${run.hint}`);
  output.line(dim(`  started ${instant(run.startedAt)}`));
  if (run.resources.length > 0) {
    const cells = (row: Counts) =>
      [row.read, row.inserted, row.updated, row.unchanged, row.deleted, row.rejected, row.requests].map(count);
    const rows = run.resources.map((row) => [row.resource, ...cells(row)]);
    output.line();
    output.line(
      table([...rows, ['total', ...cells(run.counts)].map(bold)], {
        head: ['resource', 'read', 'inserted', 'updated', 'unchanged', 'deleted', 'rejected', 'requests'],
        right: [1, 2, 3, 4, 5, 6, 7],
        paintHead: dim,
      }),
    );
  }
  printProblems(output, run.problems);
  const { unknownFields } = run;
  const sections = unknown
    ? unknownSections(unknownFields)
    : unknownNews(unknownFields, ({ isNew }) => isNew, `npx lobbie-sync runs show ${run.runId}`);
  for (const { heading, lines } of sections) {
    output.heading(heading);
    for (const line of lines) output.line(line);
  }
  output.section(MASS_CHANGES, massChangeLines(run.massChanges));
  if (run.counts.rejected > 0) {
    output.line();
    output.line(`${bold(plural(run.counts.rejected, 'record was', 'records were'))} rejected; see them with`);
    output.line(`  npx lobbie-sync rejects list --run ${run.runId}`);
  }
  printNext(output, run);
}

/** Prints why lists could not be read; equal reasons once. */
export function printProblems(output: Output, problems: RunDocument['problems']): void {
  if (problems.length === 0) return;
  output.heading(plural(problems.length, 'problem'));
  const hints = new Map<string, string[]>();
  for (const problem of problems) {
    const where = [
      problem.resource ?? 'everything',
      ...(problem.accountId === null ? [] : [`account ${problem.accountId}`]),
      ...(problem.locationId === null ? [] : [`location ${problem.locationId}`]),
    ].join(', ');
    const known = hints.get(problem.hint ?? '') ?? [];
    known.push(
      `  ${output.paint('red', '✗')} ${where}: ${problem.message} ${output.paint('dim', `[${problem.code}]`)}`,
    );
    hints.set(problem.hint ?? '', known);
  }
  for (const [hint, lines] of hints) {
    for (const line of lines) output.line(line);
    if (hint !== '') output.line(`    → ${hint}`);
  }
}

function printNext(output: Output, run: RunDocument): void {
  if (run.held !== 0) {
    output.line();
    output.line(`${run.held === null ? 'Deletes wait' : deletesSentence('held', run.held)}: ${DELETES}`);
  }
  const next = run.next.filter((command) => command !== DELETES);
  if (next.length === 0) return;
  output.line();
  output.line(
    run.status === 'partial'
      ? 'To read again only what failed:'
      : run.status === 'incomplete'
        ? 'To go on where this run stopped, run the same command again:'
        : 'When the cause is fixed, run the same command again:',
  );
  for (const command of next) output.line(`  ${command}`);
}
