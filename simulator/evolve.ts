import type { Account } from './account.ts';
import { arrivals } from './evolve/arrivals.ts';
import { evolveDeclared } from './evolve/declared.ts';
import type { Evolution } from './evolve/evolution.ts';
import { progress } from './evolve/progress.ts';
import { mix, stream } from './random.ts';
import { DAY } from './time.ts';
import { type JournalEntry, note, type World } from './world.ts';

/** Fills in what every account's evolution needs. */
function evolutionOf(world: World, account: Account, days: number): Evolution {
  const from = world.now;
  const chance = stream(mix(mix(world.settings.seed, account.id), from));
  return {
    world,
    account,
    from,
    to: from + Math.round(days * DAY),
    days,
    chance,
    some: (rate) => Math.floor(rate) + (chance() < rate % 1 ? 1 : 0),
  };
}

/** Notes categories whose number of patients moved. */
function noteCounts(world: World, account: Account, before: Map<number, number>): void {
  for (const [id, count] of account.patientCounts) {
    if (before.get(id) !== count) note(world, account, 'categories', id, 'updated');
  }
}

/** One entry a record: created and then changed is created; created and then deleted never was. */
function condensed(entries: readonly JournalEntry[]): JournalEntry[] {
  const last = new Map<string, JournalEntry>();
  for (const entry of entries) {
    const key = `${entry.resource}:${String(entry.accountId)}:${String(entry.id)}`;
    const before = last.get(key);
    if (before?.change === 'created' && entry.change === 'deleted') last.delete(key);
    else if (before?.change !== 'created') last.set(key, entry);
  }
  return [...last.values()];
}

/**
 * Moves the world on. The same seed and the same steps always give the same changes.
 * @returns what changed, one entry a record.
 */
export function evolve(world: World, days: number): JournalEntry[] {
  const start = world.journal.length;
  for (const account of world.accounts.values()) {
    const before = new Map(account.patientCounts);
    const evolution = evolutionOf(world, account, days);
    progress(evolution);
    arrivals(evolution);
    evolveDeclared(evolution);
    noteCounts(world, account, before);
  }
  world.now += Math.round(days * DAY);
  const entries = condensed(world.journal.slice(start));
  world.journal.splice(start, world.journal.length - start, ...entries);
  return entries;
}
