import { describeResources, type ResourceDescription } from '../inspect/catalogue.ts';
import { newerOperations } from './access.ts';

export { COST_LEGEND } from '../inspect/catalogue.ts';

/** What can be synced; `newerPaths` as in LOBBIE_NEWER_PATHS. */
export function resourceCatalogue(newerPaths: readonly string[] = []): readonly ResourceDescription[] {
  return describeResources(newerOperations(newerPaths));
}
