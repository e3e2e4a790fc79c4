import { expect, test } from 'vitest';
import { type Attempt, decide, decideEnd, type Situation } from '../../../src/scheduler/decide.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
type Open = NonNullable<Situation['open']>;
const open = (more: Partial<Open>): Open => ({
  ...{ job: 'sync', dueAt: later(-1000), status: 'running', attempts: 1, nextAttemptAt: null, startedAt: null },
  ...{ finishedAt: null, runId: null, holder: 'a', exitCode: null, message: null },
  ...more,
});
const kind = (more: Partial<Situation>) =>
  decide({
    ...{ now: NOW, dues: [], last: undefined, open: undefined, mine: false, tried: false, freeSince: undefined },
    ...{ takeoverAfterMs: 1000, maxAttempts: 3 },
    ...more,
  }).kind;

test('it is no first start when something is open or recorded', () => {
  expect(kind({})).toBe('first_start');
  expect(kind({ open: open({}) })).toBe('watch');
  expect(kind({ last: open({ status: 'succeeded' }) })).toBe('nothing');
});

test('what runs is taken over after the whole wait, and given up after the last attempt', () => {
  expect(kind({ open: open({}), freeSince: later(-999) })).toBe('watch');
  expect(kind({ open: open({}), freeSince: later(-1000) })).toBe('again');
  expect(kind({ open: open({ attempts: 2 }), freeSince: later(-1000) })).toBe('again');
  expect(kind({ open: open({ attempts: 3 }), freeSince: later(-1000) })).toBe('give_up');
});

test('what waits is tried again at its time; without a time, at once', () => {
  const waiting = (nextAttemptAt: Date | null) => kind({ open: open({ status: 'waiting', nextAttemptAt }) });
  expect(waiting(later(1))).toBe('nothing');
  expect(waiting(NOW)).toBe('again');
  expect(waiting(null)).toBe('again');
});

const attempt = (more: Partial<Attempt>): Attempt => ({
  ...{ result: { status: 'failed', exitCode: 1 }, attempts: 1, interrupted: false },
  ...{ now: NOW, nextDue: later(10_000), retryDelaysMs: [1000] },
  ...more,
});

test('an interrupted failure is continued and does not count; a failure that is tried again counts', () => {
  expect(decideEnd(attempt({ interrupted: true }))).toMatchObject({
    ...{ status: 'waiting', nextAttemptAt: NOW, counts: false, runId: null, message: null, exitCode: 1 },
  });
  expect(decideEnd(attempt({}))).toMatchObject({ status: 'waiting', nextAttemptAt: later(1000), counts: true });
});

test('an interrupted end that is final stays what it is', () => {
  for (const status of ['partial', 'succeeded'] as const) {
    const end = decideEnd(attempt({ interrupted: true, result: { status, exitCode: 0, runId: '7', message: 'so' } }));
    expect(end).toEqual({ status, counts: true, nextAttemptAt: null, runId: '7', message: 'so', exitCode: 0 });
  }
});

test('only failures are tried again, and only before the next due time', () => {
  expect(decideEnd(attempt({ result: { status: 'partial', exitCode: 4 } })).nextAttemptAt).toBeNull();
  expect(decideEnd(attempt({ nextDue: later(1001) })).status).toBe('waiting');
  expect(decideEnd(attempt({ nextDue: later(1000) })).status).toBe('failed');
});
