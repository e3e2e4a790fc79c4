import type { StopError } from './errors.ts';

/**
 * An orderly end that anybody may ask for once: nothing new is begun, what was read is stored, and the run says that it
 * is incomplete. Requests under way get a moment before they are given up.
 */
export class StopSignal {
  #reason: StopError | undefined;
  readonly #abort = new AbortController();
  readonly #graceMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param graceMs how long requests under way may still take, milliseconds. Default 3000. */
  constructor(graceMs = 3000) {
    this.#graceMs = graceMs;
  }

  get requested(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): StopError | undefined {
    return this.#reason;
  }

  /** Ends requests and waits that outlast the grace period. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  request(reason: StopError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#timer = setTimeout(() => this.#abort.abort(reason), this.#graceMs);
    this.#timer.unref();
  }

  /** Forgets the pending end of the grace period. */
  dispose(): void {
    clearTimeout(this.#timer);
  }
}
