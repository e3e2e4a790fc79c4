import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { UsageError } from './errors.ts';

const DAY_MS = 86_400_000;
const day = z.iso.date();
const instant = z.iso.datetime({ offset: true });

/** Where a date range begins or ends; ISO 8601 in UTC, whole seconds. Null: open. */
export interface Stretch {
  readonly from: string | null;
  readonly to: string | null;
}

/** Reads `--from`: a day counts from its first instant, UTC. */
export const fromDate = (value: string): string => text(read(value, 0), Math.floor);

/** Reads `--to`: a day counts to its end, UTC. */
export const toDate = (value: string): string => text(read(value, DAY_MS), Math.ceil);

/** The date range of the two options, if there is one. @throws UsageError when it ends before it begins */
export function stretchOf(from: string | undefined, to: string | undefined): Stretch | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError(
      '--to lies before --from',
      'Give a day like 2026-01-31, which counts to its end, or an instant.',
    );
  }
  return { from: from ?? null, to: to ?? null };
}

function read(value: string, ofDay: number): number {
  if (day.safeParse(value).success) return Date.parse(`${value}T00:00:00Z`) + ofDay;
  if (instant.safeParse(value).success) return Date.parse(value);
  throw new InvalidArgumentError('It must be a day like 2026-01-31 or an instant like 2026-01-31T08:00:00Z.');
}

const text = (time: number, round: (seconds: number) => number): string =>
  new Date(round(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');
