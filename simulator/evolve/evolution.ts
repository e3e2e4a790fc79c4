import type { Account } from '../account.ts';
import type { World } from '../world.ts';

/** What the parts of a day's evolution share. */
export interface Evolution {
  world: World;
  account: Account;
  /** The span that passes, in seconds; `to` is the new present. */
  from: number;
  to: number;
  days: number;
  /** Seeded numbers in [0, 1). */
  chance: () => number;
  /** How many of something happen, given its rate over the whole span; the fraction decides by chance. */
  some(rate: number): number;
}
