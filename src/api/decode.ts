/** Decodes bytes without guessing: an answer that can't be decoded exactly counts as no answer. */

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/**
 * Decodes a body strictly. JSON is UTF-8 (RFC 8259, 8.1), so UTF-8 is tried first, whatever the header says: bytes that are
 * valid UTF-8 and no ASCII are practically never another encoding. A declared charset is honoured for the rest. Pure.
 *
 * @param contentType the header as received; null when it is missing
 * @returns undefined when the bytes fit neither; a replacement character would be stored as if it had been sent
 */
export function decodeBody(bytes: Uint8Array, contentType: string | null): string | undefined {
  return (
    decodeAs('utf-8', bytes) ??
    decodeAs(byteOrder(bytes) ?? '', bytes) ??
    decodeAs(CHARSET.exec(contentType ?? '')?.[1] ?? '', bytes)
  );
}

/** The encoding by the byte order mark of UTF-16. Neither of the two marks is valid UTF-8. */
function byteOrder(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

function decodeAs(label: string, bytes: Uint8Array): string | undefined {
  if (label === '') return undefined;
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    // The label is unknown, or the bytes are not in that encoding. The caller treats both alike.
    return undefined;
  }
}
