import type { Answer, Call } from '../http/call.ts';
import { answer, Refusal } from '../http/call.ts';
import { render } from '../wire/render.ts';
import type { Entry } from '../world/collection.ts';
import type { Kind } from '../world/world.ts';
import type { GetRoute } from './gets.ts';
import { homeOf } from './scope.ts';

/** Answers the read of one object. */
export function readOne(call: Call, route: GetRoute): Answer {
  const entry = findOne(call, route);
  const row = route.shape === undefined ? entry.row : route.shape(call, entry);
  return answer(200, render(call.world, route.kind, entry, row, true));
}

/** Answers another record than the path names, in the form of a read by id. */
export function readOneAs(call: Call, kind: Kind, key: number): Answer {
  const entry = call.world[kind].find(key);
  if (entry === undefined) throw new Error(`the odd API has no ${kind} ${key}`);
  return answer(200, render(call.world, kind, entry, entry.row, true));
}

function findOne(call: Call, route: GetRoute): Entry {
  const entry = call.world[route.kind].find(call.params[route.param] ?? Number.NaN);
  if (entry === undefined) throw new Refusal(404, 'no such resource');
  const { accountId, locationId } = call.params;
  const { home } = entry;
  if (home.accountId !== accountId) throw new Refusal(404, 'no such resource');
  if (route.kind !== 'locations' && home.locationId !== undefined && home.locationId !== locationId) {
    throw new Refusal(404, 'no such resource here');
  }
  if (route.parent !== undefined && homeOf(call, route.parent).parentId !== home.parentId) {
    throw new Refusal(404, 'no such resource there');
  }
  return entry;
}
