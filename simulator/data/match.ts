import type { Row } from './types.ts';

/** True when every wanted field of the row has exactly the wanted value. */
export function matches(row: Row, wanted: Row | undefined): boolean {
  for (const field in wanted) if (row[field] !== wanted[field]) return false;
  return true;
}
