import { age, count, duration, instant, table } from './format.ts';
import type { Output } from './output.ts';
import type { RunDocument } from './run-document.ts';
import { paintStatus, printProblems } from './run-summary.ts';
import type { FreshnessLine, runLine, StatusDocument } from './status-document.ts';

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
  if (status.openRejects.length > 0) {
    output.line();
    output.line(bold('Rejected records that wait (npx lobbie-sync rejects list)'));
    for (const each of status.openRejects) output.line(`  ${each.resource}: ${count(each.rejects)}`);
  }
  if (status.runs.length > 0) {
    output.line();
    output.line(bold('Last runs'));
    output.line(runsTable(output, status.runs));
  }
  if (status.runs.length > 0 && status.freshness.length > 0) {
    output.line();
    output.line(bold('Last read to the end'));
    output.line(
      table(
        status.freshness.map((line) => freshnessCells(output, line, status.at)),
        {
          head: ['account', 'resource', 'lists', 'oldest reading', 'age', 'records'],
          right: [2, 5],
          paintHead: (text) => output.paint('dim', text),
        },
      ),
    );
  }
}

function freshnessCells(output: Output, line: FreshnessLine, now: Date): string[] {
  const { accountId, resource, lists, certified, oldestCertifiedAt, rows } = line;
  const mark =
    certified < lists ? output.paint('red', certified === 0 ? '✗ never' : `✗ ${lists - certified} never`) : '';
  return [
    accountId ?? '(token)',
    resource,
    `${certified}/${lists}`,
    oldestCertifiedAt === null ? mark : instant(oldestCertifiedAt),
    oldestCertifiedAt === null ? '' : [age(oldestCertifiedAt, now), mark].filter((text) => text !== '').join(' '),
    count(rows),
  ];
}
