import type { ClosedLocationReport } from '../app/types.ts';
import { count, instant, plural } from './format.ts';

const CAUSES: Readonly<Record<ClosedLocationReport['cause'], string>> = {
  left_list: 'is no longer in the list of locations',
  lists_refused: 'is listed, and all of its lists answer 403 or 404',
};

/** What is known of closed locations, and what to do about those that wait: a line for each, and one for its rows. Pure. */
export function closedLines(closed: readonly ClosedLocationReport[]): string[] {
  return closed.flatMap((each) => {
    const rows = each.rows.reduce((sum, { rows }) => sum + rows, 0);
    const tables = each.rows.map(({ resource, rows }) => `${resource} ${count(rows)}`).join(', ');
    const head = `  location ${each.locationId} of account ${each.accountId} ${CAUSES[each.cause]} (known since ${instant(each.since)})`;
    const decided = { held: '', kept: '; its rows are kept', marked: '; its rows are marked as deleted' }[
      each.decision
    ];
    if (each.decision !== 'held') return [`${head}${decided}`];
    return [
      head,
      `    ${plural(rows, 'row')}${tables === '' ? '' : `: ${tables}`}`,
      `    deletes approve ${each.deleteId} marks them as deleted; deletes restore ${each.deleteId} keeps them`,
    ];
  });
}
