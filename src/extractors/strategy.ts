/** How the nightly sync keeps a resource fresh. */
export type Strategy =
  /** The whole list in every nightly sync: it is small, or changes can't be found in another way. */
  | { readonly kind: 'full' /** Read after all lists that have priority. */; readonly late?: boolean }
  /** The recent part of a list in every nightly sync, the rest in rotation. */
  | {
      readonly kind: 'recent';
      /** How many days before today the window on the list's date begins; the window has no end. */
      readonly days: number;
      /** The list can be sorted by creation: it is also read newest first until everything is known. */
      readonly newestFirst?: boolean;
      /** Statuses that a row can leave. Each nightly sync lists the rows in them and rereads by id those that left. */
      readonly openStatuses: readonly string[];
      /** Columns that hold a status; a row is open while one of them is. Default `status`. */
      readonly statusColumns?: readonly string[];
    }
  /** The lists of parents that are new or changed or have a change hint; then those checked longest ago. */
  | { readonly kind: 'children' }
  /** Comes with the records of another resource. */
  | { readonly kind: 'embedded' };

/** The strategy in one line of plain English. */
export function describeStrategy(strategy: Strategy): string {
  switch (strategy.kind) {
    case 'full':
      return 'whole list every night';
    case 'recent':
      return [
        `the last ${strategy.days} days and all that is ahead`,
        ...(strategy.newestFirst ? ['newest first until known'] : []),
        ...(strategy.openStatuses.length > 0 ? [`open ones (${strategy.openStatuses.join(', ')})`] : []),
        'the rest in rotation',
      ].join('; ');
    case 'children':
      return 'parents that are new or changed or have a change hint; the rest in rotation';
    case 'embedded':
      return 'comes with its parent';
  }
}

/** SQL condition for a row (alias `t`) in one of the statuses of an array parameter. */
export const isOpen = (strategy: Extract<Strategy, { kind: 'recent' }>, parameter: string): string =>
  `(${(strategy.statusColumns ?? ['status']).map((column) => `t.${column} = ANY(${parameter})`).join(' OR ')})`;
