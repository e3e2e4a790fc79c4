import { describe, expect, test } from 'vitest';
import { renderMetrics } from '../../../src/web/metrics.ts';
import type { Overview } from '../../../src/web/overview.ts';
import { PAGE_POLICY, renderPage } from '../../../src/web/page.ts';
import type { ServiceView } from '../../../src/web/view.ts';

const now = new Date('2026-05-02T08:00:00Z');
const twoOClock = new Date('2026-05-02T02:00:00Z');
const view: ServiceView = {
  draining: false,
  jobs: [
    { job: 'sync', cron: '0 2 * * *', timezone: 'UTC', nextDue: new Date('2026-05-03T02:00:00Z'), runningDue: null },
  ],
};
const empty: Overview = {
  runs: [],
  totals: [],
  lastSuccess: [],
  running: [],
  openRejects: [],
  freshness: [],
  nightlySyncs: [],
  alerts: [],
  outbox: {
    paused: { pausedAt: null, pausedBy: null, reason: null },
    counts: { pending: 0, in_flight: 0, in_doubt: 0, conflict: 0, rejected: 0, failed: 0, succeeded: 0, cancelled: 0 },
    needsPerson: 0,
    lostToday: 0,
    oldestWaiting: null,
  },
};
const outbox: Overview['outbox'] = {
  paused: { pausedAt: twoOClock, pausedBy: 'lobbie-sync', reason: '6 of 20 <b>&' },
  counts: { ...empty.outbox.counts, pending: 1200, conflict: 2, succeeded: 7 },
  needsPerson: 2,
  lostToday: 3,
  oldestWaiting: twoOClock,
};
const alert = { key: 'job:sync', since: twoOClock, lastSent: twoOClock, message: 'sync failed: <b>&"\'', runId: null };

describe('the page', () => {
  test('gives the verdict first', () => {
    expect(renderPage(empty, view, now)).toContain('No run has read everything yet');
    const well = { ...empty, lastSuccess: [{ kind: 'sync', at: twoOClock }] };
    expect(renderPage(well, view, now)).toContain('All is well');
    expect(renderPage(well, view, now)).toContain('last complete sync 6 h 0 min ago');
    const bad = { ...well, alerts: [{ ...alert, state: 'failed' }] };
    expect(renderPage(bad, view, now)).toContain('One thing needs a look');
    const over = { ...well, alerts: [{ ...alert, state: 'ok' }] };
    expect(renderPage(over, view, now)).toContain('All is well');
    expect(renderPage(undefined, view, now)).toContain("database can't be read");
  });

  test('a delivery does not count as a complete read', () => {
    const delivered = { ...empty, lastSuccess: [{ kind: 'push', at: twoOClock }] };
    expect(renderPage(delivered, view, now)).toContain('No run has read everything yet');
  });

  test('deliveries are shown when there are any, or while they are paused', () => {
    expect(renderPage(empty, view, now)).not.toContain('Deliveries');
    const page = renderPage({ ...empty, outbox }, view, now);
    for (const part of [
      '<span class="soft">pending</span></td><td class="n">1,200</td>',
      '<span class="warn">conflict</span></td><td class="n">2</td>',
      '<span class="good">succeeded</span></td><td class="n">7</td>',
      'paused 6 h 0 min ago by lobbie-sync: 6 of 20 &lt;b&gt;&amp;<',
      '2 wait for a person',
      '3 refused or given up within a day',
      'the oldest open change was requested 6 h 0 min ago',
    ]) {
      expect(page).toContain(part);
    }
    expect(page).not.toContain('failed');
    const { paused } = outbox;
    expect(renderPage({ ...empty, outbox: { ...empty.outbox, paused } }, view, now)).toContain('by lobbie-sync');
  });

  test('escapes what it shows', () => {
    const page = renderPage({ ...empty, alerts: [{ ...alert, state: 'failed' }] }, view, now);
    expect(page).toContain('sync failed: &lt;b&gt;&amp;&quot;&#39;');
    expect(page).not.toContain('<b>');
  });

  test('needs nothing from elsewhere and no script', () => {
    const page = renderPage(empty, view, now);
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
    expect(PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]+=*';/);
  });
});

describe('metrics', () => {
  test('figures of the runs, ages in seconds, the limiter', async () => {
    const total = {
      kind: 'sync',
      status: 'succeeded',
      runs: 3,
      requests: 100,
      read: 50,
      inserted: 5,
      updated: 4,
      unchanged: 40,
      deleted: 1,
      rejected: 2,
    };
    const overview: Overview = {
      ...empty,
      totals: [total, { ...total, status: 'failed', runs: 1 }],
      lastSuccess: [{ kind: 'sync', at: twoOClock }],
      running: [{ kind: 'sync', id: '9' }],
      openRejects: [{ resource: 'labs', rejects: 2 }],
      freshness: [{ accountId: '1001', resource: 'labs', oldestCheckedAt: twoOClock, lists: 1, rows: 1 }],
      alerts: [{ ...alert, state: 'failed' }],
    };
    const limiter = {
      rate: 5,
      configuredRate: 10,
      pausedUntil: new Date(now.getTime() + 30_000),
      running: 2,
      queued: 7,
      throttled: 3,
    };
    const lines = (await renderMetrics(overview, view, limiter, now)).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'lobbie_sync_database_up 1',
        'lobbie_sync_draining 0',
        'lobbie_sync_runs_total{kind="sync",status="succeeded"} 3',
        'lobbie_sync_runs_total{kind="sync",status="failed"} 1',
        'lobbie_sync_requests_total{kind="sync"} 200',
        'lobbie_sync_rows_total{kind="sync",outcome="unchanged"} 80',
        'lobbie_sync_runs_running{kind="sync"} 1',
        'lobbie_sync_last_success_age_seconds{kind="sync"} 21600',
        'lobbie_sync_oldest_checked_age_seconds{account="1001",resource="labs"} 21600',
        'lobbie_sync_rejects_open{resource="labs"} 2',
        'lobbie_sync_schedule_next_due_timestamp_seconds{job="sync"} 1777773600',
        'lobbie_sync_alert_active{key="job:sync",state="failed"} 1',
        'lobbie_sync_limiter_rate 5',
        'lobbie_sync_limiter_paused_seconds 30',
        'lobbie_sync_limiter_throttled_total 3',
      ]),
    );
  });

  test('a time in the future is an infinite age, on which every alarm fires', async () => {
    const ahead = new Date(now.getTime() + 3 * 86_400_000);
    const nearly = new Date(now.getTime() + 200_000);
    const overview: Overview = {
      ...empty,
      lastSuccess: [
        { kind: 'sync', at: ahead },
        { kind: 'backfill', at: nearly },
      ],
      freshness: [{ accountId: '1001', resource: 'labs', oldestCheckedAt: ahead, lists: 1, rows: 1 }],
    };
    const lines = (await renderMetrics(overview, view, undefined, now)).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'lobbie_sync_last_success_age_seconds{kind="sync"} +Inf',
        'lobbie_sync_last_success_age_seconds{kind="backfill"} 0',
        'lobbie_sync_oldest_checked_age_seconds{account="1001",resource="labs"} +Inf',
      ]),
    );
  });

  test('figures of the outbox', async () => {
    const figures = async (overview: Overview) =>
      (await renderMetrics(overview, view, undefined, now))
        .split('\n')
        .filter((line) => line.startsWith('lobbie_sync_outbox_'));
    const rows = (name: string, count: number) => `lobbie_sync_outbox_rows{status="${name}"} ${count}`;
    expect(await figures({ ...empty, outbox })).toEqual([
      rows('pending', 1200),
      rows('in_flight', 0),
      rows('in_doubt', 0),
      rows('conflict', 2),
      rows('rejected', 0),
      rows('failed', 0),
      rows('succeeded', 7),
      rows('cancelled', 0),
      'lobbie_sync_outbox_needs_person 2',
      'lobbie_sync_outbox_oldest_seconds 21600',
      'lobbie_sync_outbox_paused 1',
    ]);
    expect((await figures(empty)).slice(-3)).toEqual([
      'lobbie_sync_outbox_needs_person 0',
      'lobbie_sync_outbox_oldest_seconds 0',
      'lobbie_sync_outbox_paused 0',
    ]);
  });

  test('without a database only what the process itself knows', async () => {
    const text = await renderMetrics(undefined, view, undefined, now);
    expect(text).toContain('lobbie_sync_database_up 0');
    expect(text).toContain('lobbie_sync_schedule_job_running{job="sync"} 0');
    expect(text).not.toContain('lobbie_sync_runs_total');
    expect(text).not.toContain('lobbie_sync_outbox');
  });
});
