import type { StopError } from './errors.ts';

/**
 * Requests an orderly end of a run; the first reason counts. The run starts nothing new, stores what it has read, and ends as
 * incomplete. Requests under way get a grace period before they are aborted.
 */
export class StopSignal {
  #reason: StopError | undefined;
  readonly #abort = new AbortController();
  readonly #graceMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param graceMs the grace period of requests under way, milliseconds. Default 3000. */
  constructor(graceMs = 3000) {
    this.#graceMs = graceMs;
  }

  get requested(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): StopError | undefined {
    return this.#reason;
  }

  /** Aborts requests and waits when the grace period ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  request(reason: StopError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#timer = setTimeout(() => this.#abort.abort(reason), this.#graceMs);
    this.#timer.unref();
  }

  /** Clears the timer of the grace period. */
  dispose(): void {
    clearTimeout(this.#timer);
  }
}
