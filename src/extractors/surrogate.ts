import { hash } from 'node:crypto';

/**
 * A stable, negative 63-bit id made from the parts that identify a record which has no id of its own. Real ids are
 * positive, so the two can't meet.
 */
export function surrogateId(parts: readonly string[]): string {
  // JSON keeps ['ab', 'c'] and ['a', 'bc'] apart.
  const digest = hash('sha256', JSON.stringify(parts), 'buffer');
  return `-${(digest.readBigUInt64BE(0) >> 1n) + 1n}`.replace(/^-9223372036854775808$/, '-1');
}
