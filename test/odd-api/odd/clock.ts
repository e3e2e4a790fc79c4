import type { Odd } from './types.ts';

export const clockKinds = {
  /** The server's clock is off: its Date header differs by so much. */
  'date-skew': ({ ms }: { ms: number }): Odd => ({
    handle: async (call, next) => {
      const found = await next();
      found.headers['date'] = new Date(call.now + ms).toUTCString();
      return found;
    },
  }),

  /** A Date header that is no date. */
  'date-garbage': ({ value = 'yesterday' }: { value?: string }): Odd => ({
    handle: async (_call, next) => {
      const found = await next();
      found.headers['date'] = value;
      return found;
    },
  }),

  /** No Date header at all. */
  'date-missing': (_settings: object): Odd => ({
    handle: async (_call, next) => {
      const found = await next();
      found.omitDate = true;
      return found;
    },
  }),
};
