import { describe, expect, test } from 'vitest';
import { renderMetrics } from '../../../src/web/metrics.ts';
import type { Overview } from '../../../src/web/overview.ts';
import { PAGE_POLICY, renderPage } from '../../../src/web/page.ts';
import type { ServiceView } from '../../../src/web/view.ts';

const now = new Date('2026-05-02T08:00:00Z');
const night = new Date('2026-05-02T02:00:00Z');
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
  nights: [],
  alerts: [],
};
const alert = { key: 'job:sync', since: night, lastSent: night, message: 'sync failed: <b>&"\'', runId: null };

describe('the page', () => {
  test('gives the verdict first', () => {
    expect(renderPage(empty, view, now)).toContain('Nothing was read to its end yet');
    const well = { ...empty, lastSuccess: [{ kind: 'sync', at: night }] };
    expect(renderPage(well, view, now)).toContain('All is well');
    expect(renderPage(well, view, now)).toContain('last complete sync 6 h 0 min ago');
    const bad = { ...well, alerts: [{ ...alert, state: 'failed' }] };
    expect(renderPage(bad, view, now)).toContain('One thing needs a look');
    const over = { ...well, alerts: [{ ...alert, state: 'ok' }] };
    expect(renderPage(over, view, now)).toContain('All is well');
    expect(renderPage(undefined, view, now)).toContain("database can't be read");
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
      lastSuccess: [{ kind: 'sync', at: night }],
      running: [{ kind: 'sync', id: '9' }],
      openRejects: [{ resource: 'labs', rejects: 2 }],
      freshness: [{ accountId: '1001', resource: 'labs', oldestCheckedAt: night, lists: 1, rows: 1 }],
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

  test('what is known without a database', async () => {
    const text = await renderMetrics(undefined, view, undefined, now);
    expect(text).toContain('lobbie_sync_database_up 0');
    expect(text).toContain('lobbie_sync_schedule_job_running{job="sync"} 0');
    expect(text).not.toContain('lobbie_sync_runs_total');
  });
});
