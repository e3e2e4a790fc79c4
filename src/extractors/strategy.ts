/** How the nightly sync keeps a resource fresh. */
export type Strategy =
  /** The whole list every night; small, or the only way to find what changed. */
  | { readonly kind: 'full' /** Read after everything that is worth more. */; readonly late?: boolean }
  /** The recent part of a list every night, the rest in rotation. */
  | {
      readonly kind: 'recent';
      /** Days before today that the window on the list's date begins; it has no end. */
      readonly days: number;
      /** The list can be sorted by creation: it is also read newest first until everything is known. */
      readonly newestFirst?: boolean;
      /** Statuses that a row can leave: walked through every night, and what left one of them is read again. */
      readonly openStatuses: readonly string[];
      /** Columns that hold a status; a row is open while one of them is. Default `status`. */
      readonly statusColumns?: readonly string[];
    }
  /** The lists of parents that are new, changed or show a sign; then those checked longest ago. */
  | { readonly kind: 'children' }
  /** Comes with the records of another resource. */
  | { readonly kind: 'embedded' };

/** One line for people. */
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
      return 'parents that are new, changed or show a sign; the rest in rotation';
    case 'embedded':
      return 'comes with its parent';
  }
}

/** SQL condition for a row (alias `t`) in one of the statuses of an array parameter. */
export const isOpen = (strategy: Extract<Strategy, { kind: 'recent' }>, parameter: string): string =>
  `(${(strategy.statusColumns ?? ['status']).map((column) => `t.${column} = ANY(${parameter})`).join(' OR ')})`;
