import type { Transport } from '../http/call.ts';
import { failure } from '../http/call.ts';
import type { Odd } from './types.ts';

function by(transport: Transport): Odd {
  return {
    handle: async (_call, next) => {
      const found = await next();
      return { ...found, transport: { ...found.transport, ...transport } };
    },
  };
}

export const transportKinds = {
  /** Away for a time: 503, or another status. For refused connections see `api.refuse`. */
  away: ({ status = 503 }: { status?: number }): Odd => ({ handle: () => failure(status, 'be back soon') }),

  /** The connection ends without an answer; nothing was done. */
  reset: (_settings: object): Odd => ({ handle: () => ({ status: 0, headers: {}, transport: { reset: true } }) }),

  /** Waits before the answer. */
  delay: ({ ms }: { ms: number }): Odd => by({ delayMs: ms }),

  /** The body comes in small parts. */
  slow: ({ bytes = 64, everyMs = 20 }: { bytes?: number; everyMs?: number }): Odd => by({ drip: { bytes, everyMs } }),

  /** The body stops in the middle and the connection stays open. */
  stalled: ({ afterBytes = 10, told }: { afterBytes?: number; told?: () => void }): Odd =>
    by({ stallAfter: afterBytes, stalled: told }),

  /** Sends elsewhere; by default to the same address, for ever. */
  redirect: ({ status = 302, to }: { status?: 301 | 302 | 303 | 307 | 308; to?: string }): Odd => ({
    handle: (call) => ({ status, headers: { location: to ?? `?${call.query}` }, text: '' }),
  }),
};
