/** What a command works on. An empty list means everything that is configured. */
export interface Selection {
  readonly accounts: readonly string[];
  readonly locations: readonly string[];
  readonly resources: readonly string[];
}

export const everything: Selection = { accounts: [], locations: [], resources: [] };

/** A canonical text of a selection, independent of the order in which it was given. */
export function selectionKey(selection: Selection): string {
  const sorted = (values: readonly string[]) => [...new Set(values)].sort();
  return JSON.stringify({
    accounts: sorted(selection.accounts),
    locations: sorted(selection.locations),
    resources: sorted(selection.resources),
  });
}
