import { schedule } from 'node-cron';
import type { Clock } from '../core/clock.ts';

/** What tells the scheduler to look at the clock. How often it does decides nothing but how late a job may begin. */
export interface TickSource {
  /** Calls `onTick` from now on; returns what ends it. */
  start(onTick: () => void): () => Promise<void>;
}

/**
 * node-cron, at the beginning of every minute. It gives only the beat: which nights are due is reckoned from the tables,
 * because a timer knows nothing of nights that passed while the process was down, and starts 02:30 twice on the day that
 * has it twice.
 */
export function cronTicks(): TickSource {
  return {
    start(onTick) {
      const task = schedule('* * * * *', () => onTick(), {
        name: 'lobbie-sync',
        timezone: 'UTC',
        // A machine that slept misses beats; the next one sees everything that became due.
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
 * A beat every `everyMs` by the given clock. node-cron waits for an instant of the wall clock and would be silent for an
 * hour when that is set back by one; this one isn't.
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

/** The beats of several sources. */
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
