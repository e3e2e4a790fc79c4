import type { MassChange } from '../app/types.ts';
import { count, plural } from './format.ts';
import { share } from './plan-text.ts';

/** What stands above the lines of {@link massChangeLines}. */
export const MASS_CHANGES = 'An unusual part of these lists changed in one nightly sync (LOBBIE_CHANGE_THRESHOLD)';

/** Lists of which an unusual part changed, one a line. Pure. */
export function massChangeLines(changes: readonly MassChange[]): string[] {
  return changes.map(({ accountId, locationId, resource, changed, rows, hintsDeferred }) => {
    const at = locationId === null ? '' : `, location ${locationId}`;
    const account = accountId === '0' ? '' : ` of account ${accountId}${at}`;
    const waiting =
      hintsDeferred === 0
        ? ''
        : `; ${plural(hintsDeferred, 'list below it waits', 'lists below it wait')} for the rotation`;
    return `  ${resource}${account}: ${count(changed)} of ${count(rows)} rows (${share(changed, rows)})${waiting}`;
  });
}
