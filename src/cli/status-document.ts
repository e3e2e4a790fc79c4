import type { ResourceDescription, Run, StatusReport } from '../app/types.ts';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { age, plural } from './format.ts';
import { freshnessLines, targetOf } from './freshness.ts';
import { outboxRemarks } from './outbox-text.ts';
import { runDocument } from './run-document.ts';

/** A nightly job that has not succeeded for so long did not run, or fails every time. */
const STALE_MS = 36 * 3_600_000;

export interface Verdict {
  readonly ok: boolean;
  readonly sentence: string;
  /** What `status` ends with: 0 when all is well, 6 when deletes wait for a person, 5 when a run has to go on, 4 for anything else. */
  readonly exitCode: ExitCode;
}

/** Whether all is well, in one sentence. Pure. */
export function judge(status: StatusReport): Verdict {
  const { at, lastSuccess, lastTrouble, lists, openRejects, running, abandoned, held } = status;
  const rejects = openRejects.reduce((sum, each) => sum + each.rejects, 0);
  const waiting = [
    ...(rejects === 0 ? [] : [plural(rejects, 'rejected record waits', 'rejected records wait')]),
    ...(status.massChanges.length === 0
      ? []
      : [`an unusual part of ${plural(status.massChanges.length, 'list')} changed in the latest nightly sync`]),
    ...outboxRemarks(status.outbox),
  ]
    .map((remark) => `; ${remark}`)
    .join('');
  const never = lists.filter((list) => list.lastCertifiedAt === null).length;
  const trouble = lastTrouble === null || isOlder(lastTrouble.run, lastSuccess) ? null : lastTrouble.run;
  const troubles: string[] = [];
  if (lastSuccess === null && trouble === null && abandoned.length === 0) {
    const begun =
      running.length > 0 ? 'the first run is still going' : 'nothing was read yet; run npx lobbie-sync backfill';
    return { ok: false, sentence: `Not well: ${begun}${waiting}.`, exitCode: EXIT.incomplete };
  }
  for (const run of abandoned)
    troubles.push(`the process of ${nameOf(run)} is gone; the next run continues from there`);
  if (trouble !== null) troubles.push(`${nameOf(trouble)} ended ${trouble.status} ${since(trouble, at)} ago`);
  if (lastSuccess === null) troubles.push('no run has ever succeeded');
  else if (at.getTime() - endOf(lastSuccess).getTime() > STALE_MS) {
    troubles.push(`no run has succeeded for ${since(lastSuccess, at)}`);
  }
  if (never > 0) troubles.push(`${plural(never, 'list was', 'lists were')} never read to the end`);
  const { behind } = targetOf(status);
  const late = behind.reduce((sum, line) => sum + line.late, 0);
  if (late > 0)
    troubles.push(
      `${plural(late, 'list was', 'lists were')} not checked within ${plural(status.freshnessDays, 'day')}`,
    );
  const deletes = held.reduce((sum, group) => sum + group.deletes, 0);
  const locations = status.closed.filter(({ decision }) => decision === 'held').length;
  if (locations > 0) {
    troubles.push(`${plural(locations, 'location', 'locations')} closed and rows wait for a person`);
  }
  if (deletes > locations) troubles.push(`${plural(deletes - locations, 'delete waits', 'deletes wait')} for a person`);
  const ahead = (status.future ?? []).reduce((sum, each) => sum + each.entries, 0);
  if (ahead > 0) troubles.push(`${plural(ahead, 'entry lies', 'entries lie')} in the future; the next run fixes that`);
  if (troubles.length > 0) {
    const goesOn = trouble?.status === 'incomplete' || abandoned.length > 0;
    const exitCode = deletes > 0 ? EXIT.needsPerson : goesOn ? EXIT.incomplete : EXIT.partial;
    return { ok: false, sentence: `Not well: ${troubles.join('; ')}${waiting}.`, exitCode };
  }
  const success = lastSuccess as Run;
  const did = success.status === 'succeeded' ? 'succeeded' : 'read everything';
  return {
    ok: true,
    sentence: `All is well: ${nameOf(success)} ${did} ${since(success, at)} ago and every list is whole${waiting}.`,
    exitCode: EXIT.done,
  };
}

const nameOf = (run: Run): string => `${run.kind} ${run.id}`;
const endOf = (run: Run): Date => run.finished_at ?? run.started_at;
const since = (run: Run, now: Date): string => age(endOf(run), now);
const isOlder = (run: Run, than: Run | null): boolean => than !== null && BigInt(run.id) < BigInt(than.id);

export function statusDocument(status: StatusReport, verdict: Verdict, catalogue: readonly ResourceDescription[]) {
  const { lastTrouble, lastSuccess } = status;
  return {
    ...verdict,
    at: status.at,
    running: status.running.map(runLine),
    abandoned: status.abandoned.map(runLine),
    runs: status.runs.map(runLine),
    lastSuccess: lastSuccess === null ? null : runLine(lastSuccess),
    lastUnsuccessful: lastTrouble === null ? null : runDocument(lastTrouble, catalogue),
    succeededSince: lastTrouble !== null && isOlder(lastTrouble.run, lastSuccess),
    freshness: freshnessLines(status),
    floor: targetOf(status),
    held: status.held,
    closed: status.closed,
    massChanges: status.massChanges,
    off: status.off,
    future: status.future ?? [],
    unknownFields: status.unknownFields,
    outbox: status.outbox,
    lists: status.lists,
    openRejects: status.openRejects,
    pendingMigrations: status.pendingMigrations,
  };
}

export type StatusDocument = ReturnType<typeof statusDocument>;

/** A run in one line. */
export function runLine(run: Run) {
  return {
    runId: run.id,
    kind: run.kind,
    status: run.status,
    startedAt: run.started_at,
    finishedAt: run.finished_at,
    durationMs: run.finished_at === null ? null : run.finished_at.getTime() - run.started_at.getTime(),
    requests: Number(run.requests),
    rowsRead: Number(run.rows_read),
    inserted: Number(run.rows_inserted),
    updated: Number(run.rows_updated),
    unchanged: Number(run.rows_unchanged),
    deleted: Number(run.rows_deleted),
    rejected: Number(run.rows_rejected),
    error: run.error,
  };
}
