import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { alertBody, sendAlerts } from '../../../src/scheduler/alert-sender.ts';
import { type Alert, type AlertInput, decideAlerts } from '../../../src/scheduler/alerts.ts';
import type { SchedulerEvent } from '../../../src/scheduler/events.ts';
import type { JobResult } from '../../../src/scheduler/job.ts';
import type { AlertState } from '../../../src/state/alert-states.ts';
import type { ResourceAge } from '../../../src/state/resource-ages.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-05-01T02:00:00Z');
const hours = (count: number) => new Date(START + count * HOUR);

/** Keeps states between decisions, as the table does. */
function reporter() {
  const states = new Map<string, AlertState>();
  return (hour: number, more: Partial<AlertInput>): string[] => {
    const { alerts, states: changed } = decideAlerts({
      previous: [...states.values()],
      event: undefined,
      freshness: undefined,
      now: hours(hour),
      staleAfterMs: 48 * HOUR,
      remindAfterMs: 24 * HOUR,
      ...more,
    });
    for (const state of changed) states.set(state.key, state);
    return alerts.map((alert) => `${alert.kind} ${alert.key} ${alert.state}`);
  };
}

const ended = (result: JobResult, more: Partial<Extract<SchedulerEvent, { kind: 'ended' }>> = {}): SchedulerEvent => ({
  kind: 'ended',
  job: 'sync',
  due: hours(0),
  result,
  nextAttemptAt: null,
  interrupted: false,
  ...more,
});
const good = ended({ status: 'succeeded', exitCode: 0 });
const failed = ended({ status: 'failed', exitCode: 1, message: 'away' });
const age = (resource: string, hour: number): ResourceAge => ({
  accountId: '1001',
  resource,
  oldestCheckedAt: hours(hour),
  lists: 1,
  rows: 1,
});

describe('what is reported', () => {
  test('nothing while all is well', () => {
    const report = reporter();
    expect(report(0, { event: good, freshness: [age('labs', 0)] })).toEqual([]);
    expect(report(24, { event: good })).toEqual([]);
  });

  test('a failure once, a reminder after a day, the recovery once', () => {
    const report = reporter();
    expect(report(0, { event: failed })).toEqual(['problem job:sync failed']);
    expect(report(0.1, { event: failed })).toEqual([]);
    expect(report(23.9, {})).toEqual([]);
    expect(report(24, {})).toEqual(['reminder job:sync failed']);
    expect(report(25, { event: failed })).toEqual([]);
    expect(report(26, { event: good })).toEqual(['recovered job:sync ok']);
    expect(report(27, { event: good })).toEqual([]);
    expect(report(80, {})).toEqual([]);
  });

  test('a change from one bad state to another', () => {
    const report = reporter();
    report(0, { event: failed });
    expect(report(1, { event: ended({ status: 'partial', exitCode: 4 }) })).toEqual(['problem job:sync partial']);
    expect(report(2, { event: ended({ status: 'incomplete', exitCode: 5 }) })).toEqual(['problem job:sync incomplete']);
  });

  test('held deletes until the job no longer lists them', () => {
    const report = reporter();
    const held = {
      status: 'succeeded',
      exitCode: 6,
      alerts: [{ key: 'held_deletes', message: '12 deletes' }],
    } as const;
    expect(report(0, { event: ended(held) })).toEqual(['problem condition:sync:held_deletes held_deletes']);
    expect(report(1, { event: ended(held) })).toEqual([]);
    expect(report(2, { event: failed })).toEqual(['problem job:sync failed']);
    expect(report(3, { event: good })).toEqual(['recovered condition:sync:held_deletes ok', 'recovered job:sync ok']);
  });

  test('exit code 6 alone means that a person is needed', () => {
    expect(reporter()(0, { event: ended({ status: 'partial', exitCode: 6 }) })).toEqual([
      'problem condition:sync:needs_person needs_person',
      'problem job:sync partial',
    ]);
  });

  test('missed due times, until the job runs again; jobs with similar names are kept apart', () => {
    const report = reporter();
    const missed = (job: string): SchedulerEvent => ({
      kind: 'missed',
      job,
      dues: [hours(0)],
      reason: 'down',
      madeUp: hours(0),
    });
    expect(report(1, { event: missed('sync') })).toEqual(['problem missed:sync missed']);
    expect(report(1, { event: missed('sync-all') })).toEqual(['problem missed:sync-all missed']);
    expect(report(2, { event: failed })).toEqual(['problem job:sync failed']);
    expect(report(3, { event: good })).toEqual(['recovered job:sync ok', 'recovered missed:sync ok']);
  });

  test('a stale resource, and when it is fresh again', () => {
    const report = reporter();
    expect(report(48, { freshness: [age('labs', 0)] })).toEqual([]);
    expect(report(48.1, { freshness: [age('labs', 0)] })).toEqual(['problem stale:1001:labs stale']);
    expect(report(49, { freshness: [age('labs', 0)] })).toEqual([]);
    expect(report(50, {})).toEqual([]);
    expect(report(51, { freshness: [age('labs', 50)] })).toEqual(['recovered stale:1001:labs ok']);
  });

  test('a resource that was checked in the future, and what was reported there: a wrong clock proves nothing', () => {
    const report = reporter();
    expect(report(0, { freshness: [age('labs', 72)] })).toEqual(['problem stale:1001:labs stale']);
    expect(report(72, { event: failed, freshness: [age('labs', 71)] })).toEqual([
      'problem job:sync failed',
      'recovered stale:1001:labs ok',
    ]);
    // The clock is right again: nobody waits for three days and one more for the reminder.
    expect(report(1, {})).toEqual(['reminder job:sync failed']);
    expect(report(2, {})).toEqual([]);
    // A few minutes are no wrong clock.
    expect(report(2, { freshness: [age('labs', 2.05)] })).toEqual([]);
  });

  test('nothing about an attempt that the daemon itself ended', () => {
    const event = ended({ status: 'incomplete', exitCode: 5 }, { interrupted: true, nextAttemptAt: hours(0) });
    expect(reporter()(0, { event })).toEqual([]);
  });

  test('again, what could not be delivered', () => {
    const state = { key: 'job:sync', since: hours(0), lastSent: null, message: 'm', runId: null };
    const input = {
      event: undefined,
      freshness: undefined,
      now: hours(1),
      staleAfterMs: HOUR,
      remindAfterMs: 24 * HOUR,
    };
    expect(decideAlerts({ ...input, previous: [{ ...state, state: 'failed' }] }).alerts[0]?.kind).toBe('problem');
    expect(decideAlerts({ ...input, previous: [{ ...state, state: 'ok' }] }).alerts[0]?.kind).toBe('recovered');
  });
});

const ALERT: Alert = {
  key: 'job:sync',
  kind: 'problem',
  state: 'failed',
  since: hours(0),
  message: 'sync failed: a < b & c',
  runId: '7',
};

describe('what is sent', () => {
  test('all fields as JSON, or a text as Slack takes it', () => {
    expect(JSON.parse(alertBody([ALERT], 'json', hours(1), 'host1'))).toMatchObject({
      source: 'lobbie-sync',
      host: 'host1',
      at: '2026-05-01T03:00:00.000Z',
      alerts: [{ key: 'job:sync', kind: 'problem', state: 'failed', runId: '7' }],
    });
    expect(JSON.parse(alertBody([ALERT], 'slack', hours(1), 'host1'))).toEqual({
      text: 'lobbie-sync on host1\nPROBLEM sync failed: a &lt; b &amp; c [since 2026-05-01T02:00:00.000Z]',
    });
  });

  /** A receiver that gives these answers in turn, then the last one for ever. */
  async function receiver(...answers: number[]) {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        response
          .writeHead(answers[Math.min(bodies.length, answers.length - 1)] ?? 200, { location: '/elsewhere' })
          .end();
        bodies.push(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
  }
  const never = new AbortController().signal;
  const quick = { retryDelaysMs: [1, 1, 1] };

  test('again when the receiver fails for a moment', async () => {
    const { bodies, url } = await receiver(503, 429, 200);
    expect(await sendAlerts({ url, ...quick }, [ALERT], systemClock, never)).toEqual({ delivered: true });
    expect(bodies).toHaveLength(3);
  });

  test('not again when the receiver refuses, and not for ever', async () => {
    const refusing = await receiver(404);
    expect(await sendAlerts({ url: refusing.url, ...quick }, [ALERT], systemClock, never)).toEqual({
      delivered: false,
      reason: 'HTTP 404',
    });
    expect(refusing.bodies).toHaveLength(1);
    const broken = await receiver(500);
    expect(await sendAlerts({ url: broken.url, ...quick }, [ALERT], systemClock, never)).toMatchObject({
      delivered: false,
    });
    expect(broken.bodies).toHaveLength(4);
  });

  test('to a receiver that is not there: the reason does not hold the address', async () => {
    const { url } = await receiver();
    const gone = url.replace(/:\d+/, ':1');
    expect(await sendAlerts({ url: gone, ...quick }, [ALERT], systemClock, never)).toMatchObject({
      delivered: false,
      reason: expect.not.stringContaining('127.0.0.1'),
    });
  });

  test('a redirect is not followed', async () => {
    const { bodies, url } = await receiver(302);
    expect(await sendAlerts({ url, retryDelaysMs: [] }, [ALERT], systemClock, never)).toEqual({
      delivered: false,
      reason: 'HTTP 302',
    });
    expect(bodies).toHaveLength(1);
  });
});
