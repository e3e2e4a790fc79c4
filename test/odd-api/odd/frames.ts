import { gzipSync } from 'node:zlib';
import { isRow } from '../http/call.ts';
import { escapeUnits, RawJson, writeJson } from '../wire/json.ts';
import type { Row } from '../world/collection.ts';
import type { Odd } from './types.ts';

/** The members of an object as text, without its braces. */
const inner = (row: Row): string => writeJson(row).slice(1, -1);

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** How names are there twice in an object. */
const TWICE = {
  /** Every field of a record, with the same value. */
  same: (rows: readonly Row[]) => rows.map((row) => new RawJson(`{${inner(row)},${inner(row)}}`)),
  /** Every text of a record, the second time with another value. */
  other: (rows: readonly Row[]) =>
    rows.map((row) => {
      const texts = Object.entries(row).filter(([, value]) => isText(value));
      const others = Object.fromEntries(texts.map(([name]) => [name, 'twice']));
      return new RawJson(`{${[inner(row), inner(others)].filter((part) => part !== '').join(',')}}`);
    }),
  /** What stood between the first two records is lost: they run into one. */
  merged: ([first, second, ...rest]: readonly Row[]) =>
    first === undefined || second === undefined
      ? [first, second].filter((row) => row !== undefined)
      : [new RawJson(`{${inner(first)},${inner(second)}}`), ...rest],
} as const;

export const frameKinds = {
  /** Packed by gzip and cut in the middle; the declared length is that of the part. */
  'gzip-cut': ({ fraction = 0.5 }: { fraction?: number }): Odd => ({
    bytes: (bytes, _call, found) => {
      found.headers['content-encoding'] = 'gzip';
      const packed = gzipSync(bytes);
      return packed.subarray(0, Math.floor(packed.length * fraction));
    },
  }),

  /** Packed twice and declared once. */
  'packed-twice': (_settings: object): Odd => ({
    bytes: (bytes, _call, found) => {
      found.headers['content-encoding'] = 'gzip';
      return gzipSync(gzipSync(bytes));
    },
  }),

  /** Content-Length says `by` bytes more or less than the body has; then the connection ends. */
  'length-lie': ({ by = -5 }: { by?: number }): Odd => ({
    bytes: (bytes, _call, found) => {
      found.plainBytes = true;
      found.transport = { ...found.transport, claim: Math.max(0, bytes.length + by) };
      return bytes;
    },
  }),

  /** Blank space around the body. */
  padded: ({ before = '\r\n \t', after = '\n\n' }: { before?: string; after?: string }): Odd => ({
    text: (text) => `${before}${text}${after}`,
  }),

  /** Every sign beyond ASCII, and each slash, escaped. */
  escaped: (_settings: object): Odd => ({
    text: (text) => escapeUnits(text.replaceAll('/', '\\/'), /[^\u0000-\u007f]/g),
  }),

  /** Something before the body, as guards against script inclusion write it. */
  leading: ({ extra = ")]}',\n" }: { extra?: string }): Odd => ({ text: (text) => `${extra}${text}` }),

  /** Something after the body: a comment of a proxy, or another body. */
  trailing: ({ extra = '<!-- 0.8 s -->' }: { extra?: string }): Odd => ({ text: (text) => `${text}${extra}` }),

  /** Names that are there twice in one object: in records, or (`list`) the array itself, empty the second time. */
  'duplicate-keys': ({ how = 'other' }: { how?: keyof typeof TWICE | 'list' }): Odd => {
    if (how === 'list') {
      return {
        text: (text, call) => (call.listKey === undefined ? text : `${text.slice(0, -1)},"${call.listKey}":[]}`),
      };
    }
    return {
      handle: async (call, next) => {
        const found = await next();
        if (found.status >= 300 || !isRow(found.json)) return found;
        if (call.listKey === undefined) return { ...found, json: TWICE[how]([found.json])[0] };
        const rows = found.json[call.listKey];
        if (!Array.isArray(rows)) return found;
        return { ...found, json: { ...found.json, [call.listKey]: TWICE[how](rows.filter(isRow)) } };
      },
    };
  },
};
