import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { markUndelivered, updateAlertStates } from '../state/alert-states.ts';
import { type ResourceAge, resourceAges } from '../state/resource-ages.ts';
import { type AlertTarget, sendAlerts } from './alert-sender.ts';
import { type Alert, decideAlerts } from './alerts.ts';
import type { SchedulerEvent } from './events.ts';

export interface AlertSettings {
  /** Without one, alerts are only logged and shown on the status page. */
  readonly target?: AlertTarget | undefined;
  /** A resource whose oldest list was checked longer ago is stale. Default 48 hours. */
  readonly staleAfterMs?: number | undefined;
  /** How often a lasting condition is reported again. Default 24 hours. */
  readonly remindAfterMs?: number | undefined;
  /** How often to look for stale resources and due reminders between nightly syncs. Default 15 minutes. */
  readonly checkEveryMs?: number | undefined;
  /** Reads the age of resources. Default: all lists that were ever certified, from `lobbie_sync.freshness`. */
  readonly freshness?: (() => Promise<readonly ResourceAge[]>) | undefined;
}

export interface AlertCenterOptions extends AlertSettings {
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How many events may wait while the database is unreachable; beyond that the oldest are dropped. */
const MOST_WAITING = 200;

/** Receives the events of the scheduler, decides from the stored states what to report, and sends the alerts. */
export class AlertCenter {
  readonly #options: AlertCenterOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: (SchedulerEvent | undefined)[] = [];
  #work: Promise<void> | undefined;
  /** Deliveries run one after the other, so that a recovery never overtakes its problem. */
  #deliveries: Promise<void> = Promise.resolve();
  #lastCheck = Number.NEGATIVE_INFINITY;

  constructor(options: AlertCenterOptions) {
    this.#options = options;
  }

  /** Queues an event and returns at once, so that the scheduler never waits for alerts. */
  take(event: SchedulerEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#kick();
  }

  /** Looks for stale resources and due reminders, and retries what could not be stored or sent before. */
  tick(): void {
    if (this.#stopping.signal.aborted) return;
    const now = this.#options.clock.now().getTime();
    const due = Math.abs(now - this.#lastCheck) >= (this.#options.checkEveryMs ?? 15 * 60_000);
    if (due && this.#waiting.length === 0) {
      this.#lastCheck = now;
      this.#waiting.push(undefined);
    }
    this.#kick();
  }

  /** Resolves when all queued events are stored, and their alerts sent or given up. */
  async idle(): Promise<void> {
    await this.#work;
    await this.#deliveries;
  }

  /** Stores what is queued and stops waiting for an unreachable receiver. The next start sends those alerts again. */
  async stop(): Promise<void> {
    this.#kick();
    await this.#work;
    this.#stopping.abort(new Error('stopped'));
    await this.#deliveries;
  }

  #kick(): void {
    if (this.#waiting.length > 0) this.#work ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const event = this.#waiting[0];
        await this.#evaluate(event);
        // The event may have been dropped meanwhile, because too many were waiting.
        const index = this.#waiting.indexOf(event);
        if (index >= 0) this.#waiting.splice(index, 1);
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'alerts could not be stored; they are tried again later');
    } finally {
      this.#work = undefined;
    }
  }

  async #evaluate(event: SchedulerEvent | undefined): Promise<void> {
    const { db, clock, logger } = this.#options;
    const staleAfterMs = this.#options.staleAfterMs ?? 48 * 3_600_000;
    const remindAfterMs = this.#options.remindAfterMs ?? 24 * 3_600_000;
    const freshness = await (this.#options.freshness ?? (() => resourceAges(db)))();
    const now = clock.now();
    const { alerts } = await updateAlertStates(db, (previous) =>
      decideAlerts({ previous, event, freshness, now, staleAfterMs, remindAfterMs }),
    );
    for (const { key, kind, state, runId } of alerts) logger.warn({ key, kind, state, runId }, 'alert');
    if (alerts.length > 0) this.#deliveries = this.#deliveries.then(() => this.#deliver(alerts, now));
  }

  async #deliver(alerts: readonly Alert[], decidedAt: Date): Promise<void> {
    const { target, clock, logger, db } = this.#options;
    if (target === undefined) return;
    const delivery = await sendAlerts(target, alerts, clock, this.#stopping.signal);
    if (delivery.delivered) return;
    const keys = alerts.map((alert) => alert.key);
    logger.error({ keys, reason: delivery.reason }, 'alerts could not be delivered; they are sent again later');
    await markUndelivered(db, keys, decidedAt).catch((error: unknown) =>
      logger.error({ err: error }, 'alerts could not be marked as undelivered'),
    );
  }
}
