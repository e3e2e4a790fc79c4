import type { ListFreshness, StatusReport } from '../app/types.ts';
import { age, plural } from './format.ts';

const DAY_MS = 86_400_000;

/** What freshness is judged by. */
export type FreshnessState = Pick<StatusReport, 'at' | 'lists' | 'freshnessDays'>;

/** One account and resource. */
export interface FreshnessLine {
  readonly accountId: string | null;
  readonly resource: string;
  /** Lists of the resource, and those that were read to their end at least once. */
  readonly lists: number;
  readonly certified: number;
  /** The one that was certified longest ago; null when none was. */
  readonly oldestCertifiedAt: Date | null;
  /** Since when every row of those lists was checked at least once. */
  readonly oldestCheckedAt: Date | null;
  /** Lists whose oldest check is older than the freshness target. */
  readonly late: number;
  /** Rows in the warehouse; null: not counted yet. */
  readonly rows: number | null;
}

/** Freshness by account and resource. Pure. */
export function freshnessLines({ at, lists, freshnessDays }: FreshnessState): FreshnessLine[] {
  const target = at.getTime() - freshnessDays * DAY_MS;
  const groups = Map.groupBy(lists, (list) => `${list.accountId ?? ''}/${list.resource}`);
  return [...groups.values()].map((group) => {
    const first = group[0] as ListFreshness;
    const checks = group.flatMap((list) => (list.oldestCheckedAt === null ? [] : [list.oldestCheckedAt.getTime()]));
    return {
      accountId: first.accountId,
      resource: first.resource,
      lists: group.length,
      certified: group.filter((list) => list.lastCertifiedAt !== null).length,
      oldestCertifiedAt: oldest(group.flatMap((list) => list.lastCertifiedAt?.getTime() ?? [])),
      oldestCheckedAt: oldest(checks),
      late: checks.filter((time) => time < target).length,
      rows: rowsOf(group),
    };
  });
}

const oldest = (times: readonly number[]): Date | null =>
  times.length === 0 ? null : new Date(times.reduce((least, time) => Math.min(least, time)));

/** Two lists of one place fill the same table there, and its count stands with each of them. */
function rowsOf(lists: readonly ListFreshness[]): number | null {
  const places = new Map<string | null, number>();
  for (const { locationId, rows } of lists) if (rows !== null) places.set(locationId, rows);
  return places.size === 0 ? null : [...places.values()].reduce((sum, rows) => sum + rows, 0);
}

export interface Floor {
  readonly days: number;
  /** Whether every list was checked within the freshness target. */
  readonly kept: boolean;
  /** What was not, longest ago first. */
  readonly behind: readonly FreshnessLine[];
  readonly sentence: string;
}

/** So many are named in the sentence; the table has all. */
const NAMED = 3;

/** Whether the freshness target is met, in one sentence. Pure. */
export function targetOf(state: FreshnessState): Floor {
  const { at, freshnessDays } = state;
  const lines = freshnessLines(state);
  const days = plural(freshnessDays, 'day');
  const checkedAt = (line: FreshnessLine) => line.oldestCheckedAt?.getTime() ?? 0;
  const behind = lines.filter((line) => line.late > 0).sort((a, b) => checkedAt(a) - checkedAt(b));
  const never = lines.some((line) => line.certified < line.lists);
  const base = { days: freshnessDays, kept: behind.length === 0 && !never && lines.length > 0, behind };
  if (behind.length === 0) {
    if (base.kept) return { ...base, sentence: `Everything was checked within ${days}.` };
    return { ...base, sentence: `What was ever read to its end was checked within ${days}.` };
  }
  const named = behind.slice(0, NAMED).map((line) => {
    const where = line.accountId === null ? '' : ` of account ${line.accountId}`;
    return `${line.resource}${where} (${age(line.oldestCheckedAt ?? at, at)})`;
  });
  const more = behind.length > NAMED ? `, and ${behind.length - NAMED} more` : '';
  return { ...base, sentence: `Not checked within ${days}: ${named.join(', ')}${more}.` };
}
