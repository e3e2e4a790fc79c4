import { escapeUnits } from '../wire/json.ts';
import type { Odd } from './types.ts';

const BOM = '\ufeff';

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes).swap16();
}

export const encodingKinds = {
  /** ISO-8859-1; signs beyond it become question marks, or are escaped. The charset is named or not. */
  latin1: ({ declared = false, escaped = false }: { declared?: boolean; escaped?: boolean }): Odd => ({
    text: (text) => (escaped ? escapeUnits(text, /[^\u0000-\u00ff]/g) : text.replaceAll(/[^\u0000-\u00ff]/gu, '?')),
    bytes: (bytes, _call, found) => {
      found.headers['content-type'] = declared ? 'application/json; charset=ISO-8859-1' : 'application/json';
      return Buffer.from(bytes.toString(), 'latin1');
    },
  }),

  /** UTF-16 in either order of bytes, with or without its mark and its name. */
  utf16: ({
    bigEndian = false,
    mark = true,
    declared = false,
  }: {
    bigEndian?: boolean;
    mark?: boolean;
    declared?: boolean;
  }): Odd => ({
    bytes: (bytes, _call, found) => {
      found.headers['content-type'] = declared ? 'application/json; charset=utf-16' : 'application/json';
      const wide = Buffer.from(`${mark ? BOM : ''}${bytes.toString()}`, 'utf16le');
      return bigEndian ? swapped(wide) : wide;
    },
  }),

  /** UTF-8 with a byte order mark before the body. */
  bom: (_settings: object): Odd => ({ text: (text) => `${BOM}${text}` }),

  /** Half a body that claims to be whole (`clean`), or that ends with the connection (`cut`). */
  truncated: ({ fraction = 0.5, how = 'clean' }: { fraction?: number; how?: 'clean' | 'cut' }): Odd => ({
    bytes: (bytes, _call, found) => {
      const kept = Math.floor(bytes.length * fraction);
      if (how === 'clean') return bytes.subarray(0, kept);
      // Packed, the kept number would no longer mean the same bytes.
      found.plainBytes = true;
      found.transport = { ...found.transport, cutAfter: kept };
      return bytes;
    },
  }),

  /** Claims to be packed and is not. */
  'gzip-lie': (_settings: object): Odd => ({
    bytes: (bytes, _call, found) => {
      found.headers['content-encoding'] = 'gzip';
      return bytes;
    },
  }),
};
