import type { Random } from '../random.ts';
import type { World } from './world.ts';

export const DAY = 86_400_000;

/** What the makers of records share. */
export interface Builder {
  readonly world: World;
  readonly random: Random;
  readonly now: number;
  /** An instant some days from the start of the world, whole seconds. */
  at(fromDays: number, toDays: number): string;
  /** A plain date. */
  date(fromDays: number, toDays: number): string;
  /** Both stamps: made at some time, changed at it or later. */
  stamps(fromDays?: number): { createdAt: string; updatedAt: string };
}

export function builderOf(world: World, random: Random, now: number): Builder {
  const at = (fromDays: number, toDays: number): string => {
    const time = now + random.int(fromDays * 86_400, toDays * 86_400) * 1000;
    return new Date(time - (time % 1000)).toISOString();
  };
  return {
    world,
    random,
    now,
    at,
    date: (fromDays, toDays) => at(fromDays, toDays).slice(0, 10),
    stamps(fromDays = -500) {
      const createdAt = at(fromDays, -3);
      const made = Date.parse(createdAt);
      const changed = made + Math.floor(random.next() * (now - made));
      const updatedAt = random.chance(0.4) ? createdAt : new Date(changed - (changed % 10)).toISOString();
      return { createdAt, updatedAt };
    },
  };
}

/** Cents as people read them. */
export function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}

export function personName(row: Readonly<Record<string, unknown>>): string {
  return `${String(row['firstName'])} ${String(row['lastName'])}`;
}
