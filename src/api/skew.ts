/** Measures how far Lobbie's clock is from this machine's. */
import type { Clock } from '../core/clock.ts';
import type { Transport } from './transport.ts';

/** How many samples are remembered. Their median is used, so that one odd answer has no effect. */
const SAMPLES = 5;

/** How long a sample speaks of the present, and how far a clock may drift from the steady one meanwhile, milliseconds. */
const FRESH_MS = 60_000;
const STEADY_MS = 2000;

/**
 * The least difference between two clocks that explains an answer: 0 when its `Date` lies between sending and receiving.
 * `Date` has whole seconds, cut off (RFC 9110, 6.6.1). Pure.
 *
 * @param sentMs,receivedMs epoch milliseconds of this machine
 * @returns milliseconds that the other clock is ahead, negative when it is behind; undefined when the header has no usable time
 */
export function skewOf(
  header: { readonly date: string | null; readonly age: string | null },
  sentMs: number,
  receivedMs: number,
): number | undefined {
  // A cache hands out the date of an answer that was made earlier.
  if (header.date === null || (header.age !== null && header.age.trim() !== '0')) return undefined;
  const at = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header.date)
    ? new Date(header.date).getTime()
    : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  return at > receivedMs ? at - receivedMs : Math.min(0, at + 1000 - sentMs);
}

/** Collects the clock differences of several answers. */
export class ClockSkew {
  readonly #samples: number[] = [];

  #latest: { readonly wallMs: number; readonly steadyMs: number } | undefined;

  /** @param wallMs epoch milliseconds by this machine's clock when the sample was taken */
  note(sample: number | undefined, wallMs = 0): void {
    if (sample === undefined) return;
    this.#latest = { wallMs, steadyMs: performance.now() };
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** The latest sample alone. */
  get latestMs(): number | undefined {
    return this.#samples.at(-1);
  }

  /** Whether the latest sample still speaks of the present: it is recent, and this machine's clock was not set since. */
  isFresh(wallMs: number): boolean {
    if (this.#latest === undefined) return false;
    const passed = performance.now() - this.#latest.steadyMs;
    return passed < FRESH_MS && Math.abs(wallMs - this.#latest.wallMs - passed) < STEADY_MS;
  }

  /** Milliseconds that Lobbie's clock is ahead of this machine's, negative when behind; undefined before any answer. */
  get ms(): number | undefined {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)];
  }
}

/** A transport that measures the other side's clock by each answer. */
export function timed(transport: Transport, clock: Clock, skew: ClockSkew): Transport {
  return {
    async send(request, signal, timeoutMs) {
      const sent = clock.now().getTime();
      const result = await transport.send(request, signal, timeoutMs);
      if (result.kind !== 'answer') return result;
      const received = clock.now().getTime();
      const skewMs = skewOf(result, sent, received);
      skew.note(skewMs, received);
      return { ...result, skewMs };
    },
  };
}
