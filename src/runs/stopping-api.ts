import type { ApiClient } from '../api/client.ts';
import { StopError } from '../core/errors.ts';
import type { StopSignal } from '../core/stop.ts';

/** Codes of what every other request would meet as well. */
const ENDS_ALL: ReadonlySet<string> = new Set(['stop.wait', 'clock.jumped']);

/**
 * The client of a run. When Lobbie asks for a longer wait than LOBBIE_MAX_WAIT, the whole run ends, because every other request would
 * get the same answer. The same holds when clocks that agreed at the start of the run no longer do.
 *
 * @param maxSkewMs how far Lobbie's clock may differ from this machine's, milliseconds. Default: not compared
 */
export function stoppingApi(api: ApiClient, stop: StopSignal, maxSkewMs?: number): ApiClient {
  const watched = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof StopError && ENDS_ALL.has(error.code)) stop.request(error);
      throw error;
    }
  };
  return {
    call: (operation, params, options) => watched(api.call(operation, params, { maxSkewMs, ...options })),
    callRaw: (operation, params, options) => watched(api.callRaw(operation, params, { maxSkewMs, ...options })),
    measureClock: (signal) => api.measureClock(signal),
    get state() {
      return api.state;
    },
    useFraction: (fraction, urgent) => api.useFraction(fraction, urgent),
    close: () => api.close(),
  };
}
