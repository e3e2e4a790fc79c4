import type { Sourced } from '../extractors/resource.ts';
import type { RunContext, Unit } from './context.ts';

/** The largest page the API gives. */
const PAGE_LIMIT = 100;

export interface RequestOptions {
  /** Path parameters beside account and location. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly cursor?: string | null;
}

/** Sends one request of a unit; counted, and stopped when the run is to end. */
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
      ...options.path,
      ...read.query,
      ...options.query,
      ...(read.paginated ? { limit: PAGE_LIMIT } : {}),
      ...(options.cursor ? { cursor: options.cursor } : {}),
    },
    { signal: context.stop.signal, beforeAttempt: () => context.counters.request(unit.resource.name) },
  );
}

/** Column → id for what the path of a unit says. */
export function pathContext(unit: Unit, parentId?: string): Sourced['context'] {
  const parent = unit.read.parent;
  return {
    ...(unit.locationId === null ? {} : { location_id: unit.locationId }),
    ...(parent === undefined || parentId === undefined ? {} : { [parent.column]: parentId }),
  };
}
