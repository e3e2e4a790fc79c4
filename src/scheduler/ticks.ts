import { schedule } from 'node-cron';
import type { Clock } from '../core/clock.ts';

/** Tells the scheduler to check the schedule. The interval only decides how late a job may start. */
export interface TickSource {
  /** Calls `onTick` at every tick, until the returned function is called. */
  start(onTick: () => void): () => Promise<void>;
}

/**
 * Ticks of node-cron at the start of every minute. They only trigger the check; due times are computed from the database,
 * because a timer does not know what became due while the process was down, and fires 02:30 twice on a day that has it twice.
 */
export function cronTicks(): TickSource {
  return {
    start(onTick) {
      const task = schedule('* * * * *', () => onTick(), {
        name: 'lobbie-sync',
        timezone: 'UTC',
        // A machine that slept misses ticks; the next tick finds everything that became due.
        suppressMissedWarning: true,
        logger: { info() {}, warn() {}, error() {}, debug() {} },
      });
      return async () => {
        await task.destroy();
      };
    },
  };
}

/**
 * A tick every `everyMs` of the given clock. node-cron waits for an instant of the wall clock, so it does not tick for an hour
 * when the clock is set back by one; this source still does.
 */
export function clockTicks(clock: Clock, everyMs = 60_000): TickSource {
  return {
    start(onTick) {
      const ending = new AbortController();
      const loop = async () => {
        while (!ending.signal.aborted) {
          await clock.sleep(everyMs, ending.signal);
          onTick();
        }
      };
      const ended = loop().catch(() => undefined);
      return async () => {
        ending.abort(new Error('stopped'));
        await ended;
      };
    },
  };
}

/** Combines the ticks of several sources. */
export function allTicks(...sources: readonly TickSource[]): TickSource {
  return {
    start(onTick) {
      const stops = sources.map((source) => source.start(onTick));
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}
