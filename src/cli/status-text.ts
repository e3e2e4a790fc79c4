import { closedLines } from './closed-text.ts';
import { deleteCells } from './deletes-text.ts';
import { age, count, duration, instant, plural, table } from './format.ts';
import type { FreshnessLine } from './freshness.ts';
import { MASS_CHANGES, massChangeLines } from './mass-change-text.ts';
import { outboxLines } from './outbox-text.ts';
import type { Output } from './output.ts';
import { DELETES, type RunDocument } from './run-document.ts';
import { paintStatus, printProblems } from './run-summary.ts';
import type { runLine, StatusDocument } from './status-document.ts';
import { unknownNews } from './unknown-text.ts';

/** An unknown field is named for a day after it was met for the first time: in one look a day, it is read once. */
const NEWS_MS = 86_400_000;

/** Runs as a table. */
export function runsTable(output: Output, runs: readonly ReturnType<typeof runLine>[]): string {
  const rows = runs.map((run) => [
    run.runId,
    run.kind,
    paintStatus(output, run.status),
    instant(run.startedAt),
    run.durationMs === null ? '-' : duration(run.durationMs),
    count(run.rowsRead),
    count(run.inserted + run.updated),
    count(run.rejected),
    count(run.requests),
  ]);
  return table(rows, {
    head: ['run', 'kind', 'status', 'started', 'took', 'read', 'written', 'rejected', 'requests'],
    right: [0, 5, 6, 7, 8],
    paintHead: (text) => output.paint('dim', text),
  });
}

export function printStatus(output: Output, status: StatusDocument): void {
  const bold = (text: string) => output.paint('bold', text);
  output.line(output.paint(status.ok ? 'green' : 'red', status.sentence));
  for (const run of status.running) {
    output.line(`${run.kind} ${run.runId} is running, for ${age(run.startedAt, status.at)}.`);
  }
  const trouble: RunDocument | null = status.lastUnsuccessful;
  if (trouble !== null && !status.succeededSince) {
    output.line();
    output.line(bold(`Why ${trouble.kind} ${trouble.runId} is ${trouble.status}`));
    if (trouble.error !== null) output.line(`  ${trouble.error}`);
    printProblems(output, trouble.problems);
    for (const command of trouble.next) output.line(`  Next: ${command}`);
  }
  if (status.held.length > 0) {
    output.line();
    output.line(bold(`Deletes that wait for a person (${DELETES})`));
    output.line(
      table(deleteCells(status.held), {
        head: ['account', 'location', 'resource', 'deletes', 'of rows', 'since'],
        right: [3, 4],
        paintHead: (text) => output.paint('dim', text),
      }),
    );
  }
  if (status.closed.length > 0) {
    output.line();
    output.line(bold('Closed locations, whose lists are not read'));
    for (const line of closedLines(status.closed)) output.line(line);
  }
  const outbox = outboxLines(status.outbox, status.at);
  if (outbox.length > 0) {
    output.line();
    output.line(bold('Changes on their way to Lobbie (npx lobbie-sync push status)'));
    for (const line of outbox) output.line(line);
  }
  if (status.openRejects.length > 0) {
    output.line();
    output.line(bold('Rejected records that wait (npx lobbie-sync rejects list)'));
    for (const each of status.openRejects) output.line(`  ${each.resource}: ${count(each.rejects)}`);
  }
  if (status.future.length > 0) {
    output.line();
    output.line(bold('In the future, left by a clock that was ahead (the next run fixes it)'));
    for (const { what, of, entries } of status.future) {
      output.line(`  ${of === 'rows' ? `rows of ${what}` : what}: ${count(entries)}`);
    }
  }
  const isNew = ({ firstSeenAt }: { readonly firstSeenAt: Date }) =>
    status.at.getTime() - firstSeenAt.getTime() < NEWS_MS;
  for (const { heading, lines } of unknownNews(status.unknownFields, isNew, 'npx lobbie-sync status --json')) {
    output.line();
    output.line(bold(heading));
    for (const line of lines) output.line(line);
  }
  if (status.massChanges.length > 0) {
    output.line();
    output.line(bold(MASS_CHANGES));
    for (const line of massChangeLines(status.massChanges)) output.line(line);
  }
  if (status.off.length > 0) {
    output.line();
    output.line(bold('Lists that are off (npx lobbie-sync resources on NAME)'));
    for (const line of offLines(status.off)) output.line(line);
  }
  if (status.runs.length > 0) {
    output.line();
    output.line(bold('Last runs'));
    output.line(runsTable(output, status.runs));
  }
  if (status.runs.length > 0 && status.freshness.length > 0) {
    output.line();
    output.line(bold('Freshness'));
    output.line(`  ${output.paint(status.floor.kept ? 'green' : 'yellow', status.floor.sentence)}`);
    output.line(
      table(
        status.freshness.map((line) => freshnessCells(output, line, status)),
        {
          head: ['account', 'resource', 'lists', 'last whole reading', 'oldest check', 'rows'],
          right: [2, 5],
          paintHead: (text) => output.paint('dim', text),
        },
      ),
    );
  }
}

function freshnessCells(output: Output, line: FreshnessLine, { at, floor }: StatusDocument): string[] {
  const { accountId, resource, lists, certified, oldestCertifiedAt, oldestCheckedAt, late, rows } = line;
  const marks = [
    ...(certified === 0 ? ['✗ never'] : certified < lists ? [`✗ ${lists - certified} never`] : []),
    ...(late > 0 ? [`✗ over ${plural(floor.days, 'day')}`] : []),
  ].map((mark) => output.paint('red', mark));
  return [
    accountId ?? '(token)',
    resource,
    `${certified}/${lists}`,
    oldestCertifiedAt === null ? '' : instant(oldestCertifiedAt),
    [...(oldestCheckedAt === null ? [] : [`${age(oldestCheckedAt, at)} ago`]), ...marks].join(' '),
    rows === null ? '-' : count(rows),
  ];
}

/** One line for each list that a person named, with how many hang below it. */
export function offLines(off: StatusDocument['off']): string[] {
  return off
    .filter((each) => each.resource === each.via)
    .map((each) => {
      const below = off.filter((other) => other.accountId === each.accountId && other.via === each.via).length - 1;
      const more = below === 0 ? '' : ` and ${plural(below, 'list', 'lists')} below it`;
      const account = each.accountId === '0' ? '' : ` of account ${each.accountId}`;
      return `  ${each.resource}${account}${more}: ${each.reason} (${each.actor}, ${instant(each.since)})`;
    });
}
