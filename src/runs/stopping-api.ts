import type { ApiClient } from '../api/client.ts';
import { StopError } from '../core/errors.ts';
import type { StopSignal } from '../core/stop.ts';

/**
 * The client of a run. When Lobbie asks for a longer wait than LOBBIE_MAX_WAIT, the whole run ends, because every other request would
 * get the same answer.
 */
export function stoppingApi(api: ApiClient, stop: StopSignal): ApiClient {
  const watched = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof StopError && error.code === 'stop.wait') stop.request(error);
      throw error;
    }
  };
  return {
    call: (operation, params, options) => watched(api.call(operation, params, options)),
    callRaw: (operation, params, options) => watched(api.callRaw(operation, params, options)),
    signIn: (signal) => api.signIn(signal),
    get state() {
      return api.state;
    },
    useFraction: (fraction, urgent) => api.useFraction(fraction, urgent),
    close: () => api.close(),
  };
}
