import type { Read, Resource } from '../extractors/resource.ts';
import type { Unit } from './context.ts';

/** The account id under which the lists of the token itself are stored. */
export const TOKEN_ACCOUNT = '0';

export interface UnitPlan {
  readonly unit: Unit;
  /** Units that must have ended before this one begins. */
  readonly after: readonly Unit[];
}

/** The units of one account, each with the units of its parents before it. Pure. */
export function planUnits(
  resources: readonly Resource[],
  accountId: string,
  locations: readonly string[],
  choose: (read: Read) => Read,
): UnitPlan[] {
  const units = resources.flatMap((resource) =>
    resource.reads.flatMap((original): Unit[] => {
      const read = choose(original);
      if ((read.scope === 'global') !== (accountId === TOKEN_ACCOUNT)) return [];
      const scopes = read.scope === 'location' ? locations : [null];
      return scopes.map((locationId) => ({ resource, read, accountId, locationId }));
    }),
  );
  return units.map((unit) => ({ unit, after: units.filter((other) => comesBefore(other, unit)) }));
}

function comesBefore(other: Unit, unit: Unit): boolean {
  const sameLocation = other.locationId === null || unit.locationId === null || other.locationId === unit.locationId;
  if (unit.read.parent?.resource === other.resource.name) return sameLocation && other.resource !== unit.resource;
  // A second list adds the rows that the first lists of all locations left out.
  return unit.resource === other.resource && unit.read.secondary === true && other.read.secondary !== true;
}

/** How soon a unit should start: first units that others wait for, then units that take long. */
export function unitPriority(unit: Unit, plans: readonly UnitPlan[]): number {
  const waiting = plans.filter((plan) => plan.after.includes(unit)).length;
  return waiting > 0 ? 10 : unit.read.parent !== undefined ? 5 : 0;
}
