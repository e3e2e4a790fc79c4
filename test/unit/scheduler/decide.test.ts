import { describe, expect, test } from 'vitest';
import { type Attempt, decide, decideEnd, type Situation } from '../../../src/scheduler/decide.ts';
import type { JobResult } from '../../../src/scheduler/job.ts';
import type { NightlySync } from '../../../src/state/schedule.ts';

const date = (text: string) => new Date(`2026-05-${text}:00Z`);
const nightlySync = (more: Partial<NightlySync>): NightlySync => ({
  job: 'sync',
  dueAt: date('01T02:00'),
  status: 'succeeded',
  attempts: 1,
  nextAttemptAt: null,
  startedAt: null,
  finishedAt: null,
  runId: null,
  holder: 'a',
  exitCode: 0,
  message: null,
  ...more,
});
const situation = (more: Partial<Situation>): Situation => ({
  now: date('01T12:00'),
  dues: [],
  last: nightlySync({}),
  open: undefined,
  mine: false,
  tried: false,
  freeSince: undefined,
  takeoverAfterMs: 120_000,
  maxAttempts: 4,
  ...more,
});

describe('a nightly sync that failed by its settings or its secret', () => {
  test.each([2, 3])('is tried by a process that has not tried it yet: exit code %i', (exitCode) => {
    const last = nightlySync({ status: 'failed', exitCode });
    expect(decide(situation({ last }))).toEqual({ kind: 'again', nightlySync: last });
    expect(decide(situation({ last, tried: true }))).toEqual({ kind: 'nothing' });
    // The next one is due: that one is run, and this one stays as it is.
    const due = date('02T02:00');
    expect(decide(situation({ last, dues: [due] }))).toMatchObject({ kind: 'begin', due, settle: undefined });
  });

  test('unlike one that failed otherwise, is partial, or was tried and waits', () => {
    for (const more of [{ status: 'failed', exitCode: 1 }, { status: 'partial', exitCode: 4 }, {}] as const) {
      expect(decide(situation({ last: nightlySync(more) }))).toEqual({ kind: 'nothing' });
    }
    const open = nightlySync({ status: 'waiting', nextAttemptAt: date('01T13:00'), exitCode: 3 });
    expect(decide(situation({ last: nightlySync({ status: 'failed', exitCode: 3 }), open }))).toEqual({
      kind: 'nothing',
    });
  });
});

describe('what to do about a job', () => {
  test('nothing when nothing is due', () => {
    expect(decide(situation({}))).toEqual({ kind: 'nothing' });
  });

  test('the first start is recorded, and nothing is missed', () => {
    expect(decide(situation({ last: undefined }))).toEqual({ kind: 'first_start' });
  });

  test('of missed due times the latest is made up for, and the others are skipped', () => {
    const dues = [date('02T02:00'), date('03T02:00'), date('04T02:00')];
    expect(decide(situation({ dues }))).toEqual({
      kind: 'begin',
      due: dues[2],
      skip: dues.slice(0, 2),
      settle: undefined,
    });
  });

  test('a due time is skipped while this process still runs the job', () => {
    const open = nightlySync({ status: 'running' });
    const dues = [date('02T02:00')];
    expect(decide(situation({ open, mine: true, dues }))).toEqual({ kind: 'overlap', skip: dues });
    expect(decide(situation({ open, mine: true }))).toEqual({ kind: 'nothing' });
  });

  test('a running nightly sync whose lock is free is watched first, then taken over', () => {
    const open = nightlySync({ status: 'running' });
    const now = date('01T02:10');
    const free = (freeSince: Date | undefined) => decide(situation({ now, open, last: open, freeSince })).kind;
    expect(free(undefined)).toBe('watch');
    expect(free(now)).toBe('watch');
    expect(free(date('01T02:09'))).toBe('watch');
    expect(free(date('01T02:08'))).toBe('again');
  });

  test('a nightly sync whose process ended too often is given up', () => {
    const open = nightlySync({ status: 'running', attempts: 4 });
    expect(decide(situation({ open, last: open, freeSince: date('01T02:00') })).kind).toBe('give_up');
  });

  test('the next nightly sync closes one that nobody finished', () => {
    const open = nightlySync({ status: 'running' });
    const dues = [date('02T02:00')];
    const now = date('02T02:00');
    expect(decide(situation({ now, open, dues, freeSince: now })).kind).toBe('watch');
    expect(decide(situation({ now, open, dues, freeSince: date('01T23:00') }))).toMatchObject({
      kind: 'begin',
      settle: open,
    });
  });

  test('a waiting nightly sync is tried again when its time has come, unless the next is due', () => {
    const open = nightlySync({ status: 'waiting', nextAttemptAt: date('01T02:05') });
    expect(decide(situation({ now: date('01T02:04'), open, last: open }))).toEqual({ kind: 'nothing' });
    expect(decide(situation({ now: date('01T02:05'), open, last: open }))).toEqual({
      kind: 'again',
      nightlySync: open,
    });
    const dues = [date('02T02:00')];
    expect(decide(situation({ now: date('02T02:00'), open, last: open, dues }))).toMatchObject({
      kind: 'begin',
      due: dues[0],
      settle: open,
    });
  });
});

describe('what the end of an attempt means for its nightly sync', () => {
  const failed: JobResult = { status: 'failed', exitCode: 1, message: 'away' };
  const attempt = (more: Partial<Attempt>): Attempt => ({
    result: failed,
    attempts: 1,
    interrupted: false,
    now: date('01T02:10'),
    nextDue: date('02T02:00'),
    retryDelaysMs: [300_000, 900_000, 3_600_000],
    ...more,
  });

  test('a failure is tried again after 5, 15 and 60 minutes, and then no more', () => {
    const next = [1, 2, 3, 4].map((attempts) => decideEnd(attempt({ attempts })));
    expect(next.map((end) => [end.status, end.nextAttemptAt?.toISOString()])).toEqual([
      ['waiting', '2026-05-01T02:15:00.000Z'],
      ['waiting', '2026-05-01T02:25:00.000Z'],
      ['waiting', '2026-05-01T03:10:00.000Z'],
      ['failed', undefined],
    ]);
  });

  test('not when the next nightly sync is due first', () => {
    expect(decideEnd(attempt({ nextDue: date('01T02:15') })).status).toBe('failed');
  });

  test('not for settings and sign-in, unless the job says so, nor when it says no', () => {
    const end = (result: JobResult) => decideEnd(attempt({ result })).status;
    expect(end({ ...failed, exitCode: 2 })).toBe('failed');
    expect(end({ ...failed, exitCode: 3 })).toBe('failed');
    expect(end({ ...failed, exitCode: 3, retryable: true })).toBe('waiting');
    expect(end({ ...failed, retryable: false })).toBe('failed');
    expect(end({ ...failed, exitCode: 4 })).toBe('waiting');
  });

  test('a partial one whose lists were away is tried again, as often as a failure', () => {
    const result: JobResult = { status: 'partial', exitCode: 4, passing: true };
    const next = [1, 2, 3, 4].map((attempts) => decideEnd(attempt({ result, attempts })));
    expect(next.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting', 'partial']);
    expect(next[0]?.nextAttemptAt).toEqual(date('01T02:15'));
  });

  test('partial and incomplete nightly syncs are left to the next one', () => {
    expect(decideEnd(attempt({ result: { status: 'partial', exitCode: 4 } })).status).toBe('partial');
    expect(decideEnd(attempt({ result: { status: 'incomplete', exitCode: 5 } })).status).toBe('incomplete');
  });

  test('an attempt that was stopped is continued at once and does not count', () => {
    const result: JobResult = { status: 'incomplete', exitCode: 5, runId: '7' };
    expect(decideEnd(attempt({ result, interrupted: true }))).toEqual({
      status: 'waiting',
      nextAttemptAt: date('01T02:10'),
      runId: '7',
      exitCode: 5,
      message: null,
      counts: false,
    });
    expect(decideEnd(attempt({ result: { status: 'succeeded', exitCode: 0 }, interrupted: true })).status).toBe(
      'succeeded',
    );
  });
});
