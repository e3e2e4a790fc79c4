import { type Expected, expectedOf } from '../extractors/answer.ts';
import type { Sourced } from '../extractors/resource.ts';
import type { RunContext, Unit } from './context.ts';

export interface RequestOptions {
  /** Path parameters beside account and location. */
  readonly path?: Readonly<Record<string, string>>;
  /** The parent whose list is read. */
  readonly parentId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly cursor?: string | null;
  /** Rows of a page; none for a list without pages. */
  readonly limit?: number | undefined;
}

/** Sends one request of a unit and counts it. It is aborted when the run is to end. */
export async function requestFor(
  context: RunContext,
  unit: Unit,
  options: RequestOptions,
): Promise<{ body: unknown; sentAt: Date }> {
  const { read } = unit;
  return await context.api.callRaw(
    read.operation,
    {
      ...(read.scope === 'global' ? {} : { accountId: unit.accountId }),
      ...(unit.locationId === null ? {} : { locationId: unit.locationId }),
      ...(read.parent === undefined || options.parentId === undefined ? {} : { [read.parent.param]: options.parentId }),
      ...options.path,
      ...read.query,
      ...options.query,
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      ...(options.cursor ? { cursor: options.cursor } : {}),
    },
    { signal: context.stop.signal, beforeAttempt: () => context.counters.request(unit.resource.name) },
  );
}

/** What the rows of a unit's answers must agree with. */
export const expectedFor = (unit: Unit, parentId?: string): Expected =>
  expectedOf(unit.resource, unit.read, { accountId: unit.accountId, locationId: unit.locationId, parentId });

/** The ids in the path of a unit, by column. */
export function pathContext(unit: Unit, parentId?: string): Sourced['context'] {
  const parent = unit.read.parent;
  return {
    ...(unit.locationId === null ? {} : { location_id: unit.locationId }),
    ...(parent === undefined || parentId === undefined ? {} : { [parent.column]: parentId }),
  };
}
