import { hashText, mix } from './random.ts';

function checksum(text: string): string {
  const first = hashText(text);
  return first.toString(36) + mix(first, hashText(`${text}#`)).toString(36);
}

/**
 * Makes an opaque cursor for a position.
 * @param binding operation, scope, filters and sort; a cursor is only good for the list it came from.
 * @param nonce distinguishes cursors of one position.
 */
export function encodeCursor(position: string, binding: string, nonce = 0): string {
  const body = `${nonce.toString(36)}~${position}`;
  return Buffer.from(`${checksum(`${body}|${binding}`)}~${body}`).toString('base64url');
}

/** The position in a cursor, or undefined when it is damaged or from another list. */
export function decodeCursor(cursor: string, binding: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const cut = text.indexOf('~');
  const body = text.slice(cut + 1);
  if (cut < 0 || text.slice(0, cut) !== checksum(`${body}|${binding}`)) return undefined;
  return body.slice(body.indexOf('~') + 1);
}
