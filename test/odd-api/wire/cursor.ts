import { hash } from '../random.ts';

/** Where a page ended: the sort value and the key of its last row, and how many rows and pages came before. */
export interface Position {
  readonly value: string | number;
  readonly key: number;
  readonly rows: number;
  readonly page: number;
}

// Every sign that a client has to escape in a URL: one that copies a cursor as it is asks for something else.
const MARK = 'k+/=&%25#;';

/** A cursor fits its list and its filters only. */
export function writeCursor(list: string, position: Position): string {
  const text = JSON.stringify([hash(list), position.value, position.key, position.rows, position.page]);
  return `${MARK}${Buffer.from(text).toString('base64')}`;
}

/** Undefined for a cursor that this list never gave. */
export function readCursor(list: string, cursor: string): Position | undefined {
  if (!cursor.startsWith(MARK)) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor.slice(MARK.length), 'base64').toString());
    if (!Array.isArray(parts) || parts[0] !== hash(list)) return undefined;
    const [, value, key, rows, page] = parts as [number, string | number, number, number, number];
    return { value, key, rows, page };
  } catch {
    return undefined;
  }
}
