import type { ApiClient } from '../api/client.ts';
import { StopError } from '../core/errors.ts';
import type { StopSignal } from '../core/stop.ts';

/**
 * The client of a run. A wait that Lobbie asks for and that is longer than anybody should hang ends the whole run, with the time:
 * every other request would be told the same.
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
    useFraction: (fraction) => api.useFraction(fraction),
    close: () => api.close(),
  };
}
