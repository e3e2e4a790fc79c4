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
  output.line(output.paint(status.ok ? 'green' : 'red', status.sentence));
  for (const run of status.running) {
    output.line(`${run.kind} ${run.runId} is running, for ${age(run.startedAt, status.at)}.`);
  }
  const trouble: RunDocument | null = status.lastUnsuccessful;
  if (trouble !== null && !status.succeededSince) {
    output.heading(`Why ${trouble.kind} ${trouble.runId} is ${trouble.status}`);
    if (trouble.error !== null) output.line(`  ${trouble.error}`);
    printProblems(output, trouble.problems);
    for (const command of trouble.next) output.line(`  Next: ${command}`);
  }
  if (status.held.length > 0) {
    const held = table(deleteCells(status.held), {
      head: ['account', 'location', 'resource', 'deletes', 'of rows', 'since'],
      right: [3, 4],
      paintHead: (text) => output.paint('dim', text),
    });
    output.section(`Deletes that wait for a person (${DELETES})`, [held]);
  }
  output.section('Closed locations, whose lists are not read', closedLines(status.closed));
  output.section('Changes on their way to Lobbie (npx lobbie-sync push status)', outboxLines(status.outbox, status.at));
  output.section(
    'Rejected records that wait (npx lobbie-sync rejects list)',
    status.openRejects.map((each) => `  ${each.resource}: ${count(each.rejects)}`),
  );
  output.section(
    'In the future, left by a clock that was ahead (the next run fixes it)',
    status.future.map(({ what, of, entries }) => `  ${of === 'rows' ? `rows of ${what}` : what}: ${count(entries)}`),
  );
  const isNew = ({ firstSeenAt }: { readonly firstSeenAt: Date }) =>
    status.at.getTime() - firstSeenAt.getTime() < NEWS_MS;
  for (const { heading, lines } of unknownNews(status.unknownFields, isNew, 'npx lobbie-sync status --json')) {
    output.heading(heading);
    for (const line of lines) output.line(line);
  }
  output.section(MASS_CHANGES, massChangeLines(status.massChanges));
  output.section('Lists that are off (npx lobbie-sync resources on NAME)', offLines(status.off));
  if (status.runs.length > 0) output.section('Last runs', [runsTable(output, status.runs)]);
  if (status.runs.length > 0 && status.freshness.length > 0) {
    const freshness = table(
      status.freshness.map((line) => freshnessCells(output, line, status)),
      {
        head: ['account', 'resource', 'lists', 'last whole reading', 'oldest check', 'rows'],
        right: [2, 5],
        paintHead: (text) => output.paint('dim', text),
      },
    );
    const sentence = output.paint(status.floor.kept ? 'green' : 'yellow', status.floor.sentence);
    output.section('Freshness', [`  ${sentence}`, freshness]);
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
