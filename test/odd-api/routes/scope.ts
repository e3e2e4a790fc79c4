import type { Call } from '../http/call.ts';
import { Refusal } from '../http/call.ts';
import type { Home } from '../world/collection.ts';
import type { Kind } from '../world/world.ts';

/** Refuses what lies outside the grant: an account that isn't ours, a location of another account. */
export function checkScope({ world, params }: Call): void {
  const { accountId, locationId } = params;
  if (accountId === undefined) return;
  if (!world.accountIds.includes(accountId)) throw new Refusal(403, 'no grant for that account');
  if (locationId === undefined) return;
  const location = world.locations.find(locationId);
  if (location?.home.accountId !== accountId) throw new Refusal(404, 'no such location');
}

/** Where the rows of a path are found. The parent of the path has to be there. */
export function homeOf(call: Call, parent: { readonly kind: Kind; readonly param: string } | undefined): Home {
  const { accountId, locationId } = call.params;
  if (parent === undefined) {
    // Event types and role groups are the same in every account.
    return call.op.startsWith('listEventTypes') ? {} : { accountId, locationId };
  }
  const parentId = call.params[parent.param];
  const found = parentId === undefined ? undefined : call.world[parent.kind].find(parentId);
  if (found === undefined || found.home.accountId !== accountId || elsewhere(found.home, locationId)) {
    throw new Refusal(404, 'no such resource');
  }
  return { accountId, parentId };
}

function elsewhere(home: Home, locationId: number | undefined): boolean {
  return home.locationId !== undefined && home.locationId !== locationId;
}
