import { Counter, Gauge, Registry } from 'prom-client';
import { lostLogLines } from '../observability/lossy-stream.ts';
import type { Overview } from './overview.ts';
import type { LimiterView, ServiceView } from './view.ts';

type Labels = Readonly<Record<string, string>>;

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** How far a time may lie ahead of this machine's clock and still be taken for the present, milliseconds. */
const AHEAD_MS = 300_000;

/**
 * The age of an instant, seconds. A time in the future was written under a wrong clock, so nothing is known of it: its age is infinite,
 * and an alarm on it fires. As 0 it would keep every alarm quiet until that time comes. Pure.
 */
function ageSeconds(at: Date, now: Date): number {
  const ageMs = now.getTime() - at.getTime();
  return ageMs < -AHEAD_MS ? Number.POSITIVE_INFINITY : Math.max(0, ageMs / 1000);
}

/**
 * Renders the metrics in the text format of Prometheus. Each answer has its own registry, because the figures come from the
 * database: they survive restarts and are the same from every process. Pure.
 *
 * @param overview undefined while the database can't be read
 */
export async function renderMetrics(
  overview: Overview | undefined,
  view: ServiceView,
  limiter: LimiterView | undefined,
  now: Date,
): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[] = []) => {
    const metric = new Gauge({ name: `lobbie_sync_${name}`, help, labelNames, registers: [registry] });
    return (value: number, labels: Labels = {}) => metric.set(labels, value);
  };
  const counter = (name: string, help: string, labelNames: string[] = []) => {
    const metric = new Counter({ name: `lobbie_sync_${name}`, help, labelNames, registers: [registry] });
    return (value: number, labels: Labels = {}) => metric.inc(labels, value);
  };
  const age = (at: Date) => ageSeconds(at, now);

  gauge('database_up', 'Whether the database could be read for this answer')(overview === undefined ? 0 : 1);
  gauge('draining', 'Whether the daemon is stopping')(view.draining ? 1 : 0);
  counter('log_lines_lost_total', 'Lines of the log that this process could not write')(lostLogLines());
  const nextDue = gauge('schedule_next_due_timestamp_seconds', 'When the job is due next', ['job']);
  const jobRunning = gauge('schedule_job_running', 'Whether this process runs the job now', ['job']);
  for (const { job, nextDue: at, runningDue } of view.jobs) {
    nextDue(at.getTime() / 1000, { job });
    jobRunning(runningDue === null ? 0 : 1, { job });
  }
  if (overview !== undefined) {
    const runs = counter('runs_total', 'Runs that ended', ['kind', 'status']);
    const requests = counter('requests_total', 'API requests sent by runs that ended', ['kind']);
    const rows = counter('rows_total', 'Records of runs that ended, by outcome', ['kind', 'outcome']);
    for (const total of overview.totals) {
      const { kind, status } = total;
      runs(total.runs, { kind, status });
      requests(total.requests, { kind });
      for (const outcome of ['read', 'inserted', 'updated', 'unchanged', 'deleted', 'rejected'] as const) {
        rows(total[outcome], { kind, outcome });
      }
    }
    const running = gauge('runs_running', 'Runs whose process lives', ['kind']);
    for (const kind of new Set([...overview.totals, ...overview.running].map((each) => each.kind))) {
      running(overview.running.filter((run) => run.kind === kind).length, { kind });
    }
    const success = gauge('last_success_age_seconds', 'Seconds since the last run that read everything', ['kind']);
    for (const { kind, at } of overview.lastSuccess) success(age(at), { kind });
    const oldest = gauge(
      'oldest_checked_age_seconds',
      'Seconds since the oldest certified sweep of the lists of a resource began',
      ['account', 'resource'],
    );
    for (const { accountId, resource, oldestCheckedAt } of overview.freshness) {
      oldest(age(oldestCheckedAt), { account: accountId ?? 'token', resource });
    }
    const rejects = gauge('rejects_open', 'Rejected records that were not replayed', ['resource']);
    for (const each of overview.openRejects) rejects(each.rejects, { resource: each.resource });
    const alerts = gauge('alert_active', 'Conditions that a person should know about', ['key', 'state']);
    for (const { key, state } of overview.alerts) if (state !== 'ok') alerts(1, { key, state });
    const { counts, needsPerson, oldestWaiting, paused } = overview.outbox;
    const changes = gauge('outbox_rows', 'Changes in the outbox', ['status']);
    for (const [status, count] of Object.entries(counts)) changes(count, { status });
    gauge('outbox_needs_person', 'Changes that wait for a person')(needsPerson);
    gauge(
      'outbox_oldest_seconds',
      'Age of the oldest change that is not decided and waits for no person; 0 when there is none',
    )(oldestWaiting === null ? 0 : age(oldestWaiting));
    gauge('outbox_paused', 'Whether deliveries are paused')(paused.pausedAt === null ? 0 : 1);
  }
  if (limiter !== undefined) {
    gauge('limiter_rate', 'Requests a second that may start at present')(limiter.rate);
    gauge(
      'limiter_configured_rate',
      'Requests a second that may start when the limiter has not slowed down',
    )(limiter.configuredRate);
    gauge('limiter_running', 'Requests under way')(limiter.running);
    gauge('limiter_queued', 'Requests that wait for a slot')(limiter.queued);
    const { pausedUntil } = limiter;
    const paused = pausedUntil === undefined ? 0 : Math.max(0, (pausedUntil.getTime() - now.getTime()) / 1000);
    gauge('limiter_paused_seconds', 'Seconds until a request may start again')(paused);
    counter('limiter_throttled_total', 'Answers that asked to slow down')(limiter.throttled);
  }
  return await registry.metrics();
}
