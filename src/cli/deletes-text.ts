import type { DeleteChoice, DeleteGroup, DeleteStatus } from '../app/types.ts';
import { UsageError } from './errors.ts';
import { count, instant, plural } from './format.ts';
import { share } from './plan-text.ts';

const SENTENCES: Readonly<Record<DeleteStatus, readonly [one: string, many: string, none: string]>> = {
  held: ['delete waits for a person', 'deletes wait for a person', 'no deletes wait for a person'],
  candidate: [
    'row is missing and not decided about yet',
    'rows are missing and not decided about yet',
    'no rows are missing that are not decided about',
  ],
  applied: ['row is marked as deleted', 'rows are marked as deleted', 'no rows are marked as deleted'],
  dismissed: [
    'row was missed and is still in Lobbie',
    'rows were missed and are still in Lobbie',
    'no rows were missed that are still in Lobbie',
  ],
  restored: ['delete was taken back or refused', 'deletes were taken back or refused', 'no deletes were taken back'],
};

/** `3 deletes wait for a person`. Pure. */
export function deletesSentence(status: DeleteStatus, total: number): string {
  const [one, many, none] = SENTENCES[status];
  return total === 0 ? none : plural(total, one, many);
}

/** Groups as cells: how many of how many rows. Pure. */
export function deleteCells(groups: readonly DeleteGroup[]): string[][] {
  return groups.map(({ accountId, locationId, resource, deletes, rows, since }) => [
    accountId ?? '(token)',
    locationId ?? '-',
    resource,
    count(deletes),
    rows === null ? '-' : `${count(rows)} (${share(deletes, rows)})`,
    instant(since),
  ]);
}

/**
 * What the arguments of approve and restore choose: one choice for each account and resource. Pure.
 *
 * @throws UsageError when nothing is chosen, or more than one way is used
 */
export function choicesOf(
  ids: readonly string[],
  options: {
    readonly account?: readonly string[] | undefined;
    readonly resource?: readonly string[] | undefined;
    readonly all?: boolean | undefined;
  },
): readonly DeleteChoice[] {
  const { account = [], resource = [], all = false } = options;
  const selected = account.length + resource.length > 0;
  const ways = [ids.length > 0, selected, all].filter((way) => way).length;
  if (ways === 0) throw new UsageError('give ids, --account and --resource, or --all');
  if (ways > 1) throw new UsageError('give ids, or --account and --resource, or --all, not more than one of them');
  if (ids.length > 0) return [{ ids }];
  const each = <T>(values: readonly T[]): readonly (T | undefined)[] => (values.length === 0 ? [undefined] : values);
  return each(account).flatMap((accountId) =>
    each(resource).map((name) => ({
      ...(accountId === undefined ? {} : { accountId }),
      ...(name === undefined ? {} : { resource: name }),
    })),
  );
}
