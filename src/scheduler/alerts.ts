import { EXIT } from '../core/errors.ts';
import type { AlertState } from '../state/alert-states.ts';
import type { ResourceAge } from '../state/resource-ages.ts';
import type { SchedulerEvent } from './events.ts';
import type { JobAlert, JobResult } from './job.ts';

/** A report about a condition. It holds ids, names, counts and codes only. */
export interface Alert {
  /** The condition: `job:<name>`, `missed:<name>`, `condition:<job>:<key>` or `stale:<account>:<resource>`. */
  readonly key: string;
  /** `problem`: the condition started or changed. `reminder`: it lasts. `recovered`: it cleared. */
  readonly kind: 'problem' | 'reminder' | 'recovered';
  /** The state of the condition now; `ok` when it cleared. */
  readonly state: string;
  /** When this state began. */
  readonly since: Date;
  readonly message: string;
  readonly runId: string | null;
}

export interface AlertInput {
  readonly previous: readonly AlertState[];
  /** An event of the scheduler; undefined at a periodic check between nightly syncs. */
  readonly event: SchedulerEvent | undefined;
  /** Undefined: the ages could not be read. */
  readonly freshness: readonly ResourceAge[] | undefined;
  readonly now: Date;
  /** A resource whose oldest list was checked longer ago is stale. */
  readonly staleAfterMs: number;
  /** How often a lasting condition is reported again. */
  readonly remindAfterMs: number;
}

export interface AlertDecision {
  readonly alerts: readonly Alert[];
  /** Changed states, to be stored. */
  readonly states: readonly AlertState[];
}

interface Observation {
  readonly state: string;
  readonly message: string;
  readonly runId: string | null;
}

const OK = 'ok';

/**
 * Decides what to report. A condition is reported when it starts or changes, at intervals while it lasts, and when it clears.
 * Pure.
 */
export function decideAlerts(input: AlertInput): AlertDecision {
  const { previous, now, remindAfterMs } = input;
  const observed = observe(input);
  const known = new Map(previous.map((state) => [state.key, state]));
  const alerts: Alert[] = [];
  const states: AlertState[] = [];
  for (const key of [...new Set([...observed.keys(), ...known.keys()])].sort()) {
    const before = known.get(key);
    const { state, message, runId } = observed.get(key) ?? before ?? { state: OK, message: '', runId: null };
    if (state === OK && before === undefined) continue;
    const changed = state !== (before?.state ?? OK);
    const since = changed || before === undefined ? now : before.since;
    const lastSent = before?.lastSent ?? null;
    const again = lastSent === null || (state !== OK && ageMs(lastSent, now) >= remindAfterMs);
    if (changed || again) {
      const kind = state === OK ? 'recovered' : changed || lastSent === null ? 'problem' : 'reminder';
      alerts.push({ key, kind, state, since, message, runId });
      states.push({ key, state, since, lastSent: now, message, runId });
    } else if (message !== before?.message || runId !== before.runId) {
      // Only the wording changed. That needs no alert, but the next reminder shows the latest wording.
      states.push({ key, state, since, lastSent, message, runId });
    }
  }
  return { alerts, states };
}

/** How far a time may lie ahead of this machine's clock and still be taken for the present, milliseconds. */
const AHEAD_MS = 300_000;

/** The age of an instant, milliseconds. It is infinite for one in the future, which a wrong clock wrote: nothing is known of it. */
function ageMs(at: Date, now: Date): number {
  const age = now.getTime() - at.getTime();
  return age < -AHEAD_MS ? Number.POSITIVE_INFINITY : age;
}

/** The current state of each condition that this input says something about; other conditions stay as they are. */
function observe({ previous, event, freshness, now, staleAfterMs }: AlertInput): ReadonlyMap<string, Observation> {
  const observed = new Map<string, Observation>();
  const bad = (prefix: string) => previous.filter(({ key, state }) => key.startsWith(prefix) && state !== OK);
  if (event?.kind === 'missed') {
    observed.set(`missed:${event.job}`, { state: 'missed', message: missedText(event), runId: null });
  }
  // An attempt that the daemon itself interrupted says nothing about the job: the next start continues it.
  if (event?.kind === 'ended' && !(event.interrupted && event.nextAttemptAt !== null)) {
    const { job, result } = event;
    const runId = result.runId ?? null;
    const done = result.status === 'succeeded' || result.status === 'partial';
    const state = result.status === 'succeeded' ? OK : result.status;
    observed.set(`job:${job}`, { state, message: resultText(event), runId });
    if (done) {
      for (const { key } of bad(`missed:${job}`)) {
        if (key === `missed:${job}`) observed.set(key, { state: OK, message: `${job}: it runs on time again`, runId });
      }
    }
    const conditions = conditionsOf(result);
    if (done || result.alerts !== undefined) {
      for (const { key, message } of bad(`condition:${job}:`)) observed.set(key, { state: OK, message, runId });
    }
    for (const { key, message } of conditions) {
      observed.set(`condition:${job}:${key}`, { state: key, message: `${job}: ${message}`, runId });
    }
  }
  if (freshness !== undefined) {
    for (const { key } of bad('stale:'))
      observed.set(key, { state: OK, message: `${nameOf(key)}: fresh again`, runId: null });
    for (const { accountId, resource, oldestCheckedAt } of freshness) {
      if (ageMs(oldestCheckedAt, now) <= staleAfterMs) continue;
      const key = `stale:${accountId ?? 'token'}:${resource}`;
      const message = `${nameOf(key)}: at least one list was last read to its end at ${oldestCheckedAt.toISOString()}`;
      observed.set(key, { state: 'stale', message, runId: null });
    }
  }
  return observed;
}

function conditionsOf(result: JobResult): readonly JobAlert[] {
  const alerts = result.alerts ?? [];
  if (alerts.length > 0 || result.exitCode !== EXIT.needsPerson) return alerts;
  return [{ key: 'needs_person', message: 'conflicts or held deletes wait for a decision' }];
}

/** `stale:1001:patients` → `patients of account 1001`. */
function nameOf(key: string): string {
  const [, account, resource] = key.split(':');
  return account === 'token' ? `${resource} of the token` : `${resource} of account ${account}`;
}

function missedText({ job, dues, reason, madeUp }: Extract<SchedulerEvent, { kind: 'missed' }>): string {
  const times = dues.slice(-5).map((due) => due.toISOString());
  const missed = `${job}: ${dues.length} due ${dues.length === 1 ? 'time' : 'times'} missed (${dues.length > 5 ? '..., ' : ''}${times.join(', ')})`;
  if (reason === 'overlap') return `${missed}, because the run before was still running`;
  return madeUp === undefined ? missed : `${missed}; the run for the latest one starts now`;
}

function resultText({ job, due, result, nextAttemptAt }: Extract<SchedulerEvent, { kind: 'ended' }>): string {
  const details = [
    result.runId === undefined ? undefined : `run ${result.runId}`,
    `exit code ${result.exitCode}`,
    result.requests === undefined ? undefined : `${result.requests} requests`,
    result.rows === undefined ? undefined : `${result.rows} rows`,
  ].filter((each) => each !== undefined);
  const reason = result.message ? `: ${result.message}` : '';
  const next = nextAttemptAt === null ? '' : `; next attempt at ${nextAttemptAt.toISOString()}`;
  return `${job} of ${due.toISOString()} ${result.status} (${details.join(', ')})${reason}${next}`;
}
