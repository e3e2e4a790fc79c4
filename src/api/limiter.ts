/** The limiter of an API key. It limits starts a second and requests in progress, and can pause all starts. */
import type { Clock } from '../core/clock.ts';
import { type Ease, easeDown, fullRate, rateAt } from './ease.ts';
import { type GateContext, openGate, pacedGate, SLICE_MS } from './gate.ts';
import { Lanes } from './lanes.ts';

export interface LimiterOptions {
  /** Starts a second; 0 or Infinity for no limit. Fractions are fine. */
  readonly requestsPerSecond: number;
  /** Tasks in progress at once, at least 1. */
  readonly maxConcurrent: number;
  readonly clock: Clock;
  /** Fraction of the starts that urgent tasks (lanes.ts) get while others wait, more than 0 to 1. Default 1: all of them. */
  readonly urgentFraction?: number | undefined;
}

export interface RunOptions {
  /** 0 to 9, lower starts first. Default 5. */
  readonly priority?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LimiterState {
  /** Starts a second at present: the configured rate, or less after throttling. Infinity without a limit. */
  readonly rate: number;
  readonly configuredRate: number;
  /** No request starts before this instant. */
  readonly pausedUntil: Date | undefined;
  readonly running: number;
  readonly queued: number;
  /** Answers 429 and 503 since the start of the process. */
  readonly throttled: number;
}

export interface Limiter {
  /** Runs the task once it may start. Rejects with the signal's reason when aborted while it waits. */
  run<T>(task: () => Promise<T>, options?: RunOptions): Promise<T>;
  /**
   * Must be called when the server answered 429 or 503 to a request sent at `sentAt`. Reduces the rate. With `retryAfterMs`, no
   * caller's task starts until that time has passed.
   */
  throttled(sentAt: Date, retryAfterMs?: number): void;
  /**
   * Uses only this fraction of the configured rate from now on: other processes with the same key use the rest.
   *
   * @param urgentFraction of these starts for urgent tasks while others wait. Default: as before
   * @throws RangeError unless a fraction is more than 0 and at most 1
   */
  useFraction(fraction: number, urgentFraction?: number): void;
  readonly state: LimiterState;
  /** Rejects all tasks that wait, and all later ones, with `reason`. Running tasks continue. */
  close(reason: unknown): void;
}

/** @throws RangeError when a figure is negative or not a number */
export function createLimiter(options: LimiterOptions): Limiter {
  const { clock, maxConcurrent, requestsPerSecond } = options;
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1) throw new RangeError('maxConcurrent must be at least 1');
  if (!(requestsPerSecond >= 0)) throw new RangeError('requestsPerSecond must not be negative');
  const configuredRate = requestsPerSecond === 0 ? Number.POSITIVE_INFINITY : requestsPerSecond;
  const closing = new AbortController();
  let ease: Ease = fullRate(configuredRate);
  let pausedUntil = 0;
  let running = 0;
  let queued = 0;
  let throttled = 0;
  let fraction = 1;
  let urgentFraction = options.urgentFraction ?? 1;
  const lanes = new Lanes();
  /** The number of positions in the gate's queue. */
  let places = 0;

  const now = () => clock.now().getTime();
  const rate = () =>
    Number.isFinite(configuredRate) ? rateAt(ease, configuredRate, now()) * fraction : configuredRate;
  const context: GateContext = {
    clock,
    maxConcurrent,
    closed: closing.signal,
    rate,
    queued: () => queued,
    running: () => running,
    paused: () => pausedUntil > 0 && pausedUntil > now(),
    async pauseOver() {
      // A loop, because the pause may be extended meanwhile.
      for (let left = pausedUntil - now(); left > 0; left = pausedUntil - now()) {
        await clock.sleep(Math.min(left, SLICE_MS), closing.signal);
      }
    },
  };
  const gate = Number.isFinite(configuredRate) ? pacedGate(context, configuredRate) : openGate(context);

  return {
    run<T>(task: () => Promise<T>, { priority = 5, signal }: RunOptions = {}): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const signals = signal === undefined ? [closing.signal] : [signal, closing.signal];
        for (const each of signals) if (each.aborted) return reject(each.reason);
        let waiting = true;
        const leave = () => {
          waiting = false;
          queued -= 1;
          for (const each of signals) each.removeEventListener('abort', giveUp);
        };
        const giveUp = () => {
          leave();
          reject(signals.find((each) => each.aborted)?.reason);
        };
        for (const each of signals) each.addEventListener('abort', giveUp);
        queued += 1;
        lanes.add({
          priority,
          waiting: () => waiting,
          async start() {
            leave();
            running += 1;
            try {
              resolve(await task());
            } catch (error) {
              reject(error);
            } finally {
              running -= 1;
              gate.ended();
            }
          },
        });
        // A position that a caller gave up is free for this one.
        if (places >= queued) return gate.ended();
        places += 1;
        gate.enter({
          waiting: () => queued > 0,
          async start() {
            places -= 1;
            await lanes.take(urgentFraction)?.start();
          },
        });
      });
    },
    throttled(sentAt, retryAfterMs) {
      throttled += 1;
      if (retryAfterMs !== undefined) pausedUntil = Math.max(pausedUntil, now() + retryAfterMs);
      ease = easeDown(ease, configuredRate, now(), sentAt.getTime(), pausedUntil);
    },
    useFraction(wanted, urgent = urgentFraction) {
      for (const each of [wanted, urgent]) {
        if (!(each > 0 && each <= 1)) throw new RangeError('the fraction must be more than 0 and at most 1');
      }
      fraction = wanted;
      urgentFraction = urgent;
    },
    get state() {
      const until = context.paused() ? new Date(pausedUntil) : undefined;
      return { rate: rate(), configuredRate, pausedUntil: until, running, queued, throttled };
    },
    close: (reason) => closing.abort(reason),
  };
}
