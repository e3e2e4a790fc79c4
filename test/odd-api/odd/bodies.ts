import { answer, failure } from '../http/call.ts';
import type { Odd } from './types.ts';

export const bodyKinds = {
  /** An error, or nothing of use, where a record or list is expected. */
  'error-body': ({ json, text, status = 200 }: { json?: unknown; text?: string; status?: number }): Odd => ({
    handle: () => {
      if (text !== undefined) return { status, headers: {}, text };
      return answer(status, json === undefined ? { error: 'temporarily unavailable' } : json);
    },
  }),

  /** A page for people in place of JSON, as gateways send it. */
  html: ({ status = 200 }: { status?: number }): Odd => ({
    handle: () => ({
      status,
      headers: { 'content-type': 'text/html' },
      text: '<!doctype html><html><title>Maintenance</title><h1>Back soon</h1></html>',
    }),
  }),

  /** A status that has no body: 204, 205, or a 304 that nobody asked for. */
  'no-content': ({ status = 204 }: { status?: number }): Odd => ({ handle: () => ({ status, headers: {}, text: '' }) }),

  /** The operation is refused, for this client or for all. */
  refused: ({ status, message = 'refused' }: { status: number; message?: string }): Odd => ({
    handle: () => failure(status, message),
  }),

  /** A filter that the operation does not take. */
  'filter-refused': ({ filter }: { filter: string }): Odd => ({
    handle: (call, next) => (call.query.has(filter) ? failure(400, `${filter} is not supported`) : next()),
  }),

  /** Told to wait, in whatever words. */
  'retry-after': ({ value, status = 429 }: { value: string; status?: number }): Odd => ({
    handle: () => {
      const found = failure(status, 'slow down');
      return { ...found, headers: { ...found.headers, 'retry-after': value } };
    },
  }),
};

/** Forms of Retry-After that servers send; `now` in milliseconds. */
export function retryAfterForms(now: number, seconds: number): Readonly<Record<string, string>> {
  const due = now + seconds * 1000;
  return {
    seconds: String(seconds),
    date: new Date(due).toUTCString(),
    epoch: String(Math.floor(due / 1000)),
    'epoch-ms': String(due),
    iso: new Date(due).toISOString(),
    fraction: `${seconds}.5`,
    day: '86400',
    week: '604800',
    negative: '-1',
    zero: '0',
    past: new Date(now - 3_600_000).toUTCString(),
    huge: '99999999999999999999',
    empty: '',
    words: 'a moment',
    unit: `${seconds}s`,
    list: `${seconds}, ${seconds * 2}`,
  };
}
