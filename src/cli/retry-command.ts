import type { Selection } from '../core/selection.ts';

/** A list that could not be read, as far as it is known. */
export interface FailedList {
  readonly accountId: string | null;
  readonly locationId: string | null;
  readonly resource: string | null;
}

const PROGRAM = 'npx lobbie-sync';

/** What a run was narrowed to beside its selection. */
export interface Narrowing {
  readonly from?: string | null;
  readonly to?: string | null;
  readonly patients?: readonly string[];
  /** A decision about deletes, no reading. */
  readonly deletes?: 'approve';
}

/** A selection as a run keeps it. */
export interface RunSelection extends Selection {
  readonly target?: Narrowing | undefined;
}

/** A command with its selection. */
export function commandLine(kind: string, selection: RunSelection): string {
  const { from, to, patients = [] } = selection.target ?? {};
  const options = [
    ...selection.accounts.map((id) => `--account ${id}`),
    ...selection.locations.map((id) => `--location ${id}`),
    ...selection.resources.map((name) => `--resource ${name}`),
    ...(from ? [`--from ${from}`] : []),
    ...(to ? [`--to ${to}`] : []),
    ...patients.map((id) => `--patient ${id}`),
  ];
  return [PROGRAM, kind, ...options].join(' ');
}

export interface RetryOptions {
  /** Of the run that failed. */
  readonly kind: string;
  /** Of the run that failed. */
  readonly selection: RunSelection;
  /** The resources that take their parents from a resource: they are not whole while it is not. */
  readonly childrenOf: (resource: string) => readonly string[];
}

/**
 * The commands that read again what failed and nothing else: one for each set of places that lacks the same resources.
 * Where the list of an account's places failed, everything of that account that was wanted is read again.
 */
export function retryCommands(failed: readonly FailedList[], options: RetryOptions): string[] {
  const { kind, selection, childrenOf } = options;
  const inSelection = (name: string) => selection.resources.length === 0 || selection.resources.includes(name);
  /** account → resource → places; null as a place stands for the account as a whole */
  const missing = new Map<string, Map<string, Set<string | null>>>();
  const add = (account: string, resource: string, location: string | null): void => {
    const resources = missing.get(account) ?? new Map<string, Set<string | null>>();
    missing.set(account, resources);
    const places = resources.get(resource) ?? new Set<string | null>();
    resources.set(resource, places);
    if (places.has(location)) return;
    places.add(location);
    for (const child of childrenOf(resource)) if (inSelection(child)) add(account, child, location);
  };
  const whole = new Set<string>();
  for (const { accountId, locationId, resource } of failed) {
    const account = accountId ?? '';
    if (resource === null || (resource === 'locations' && selection.resources.join() !== 'locations'))
      whole.add(account);
    else add(account, resource, locationId);
  }

  const commands = new Set<string>();
  for (const account of whole) {
    commands.add(commandLine(kind, { ...selection, accounts: account === '' ? selection.accounts : [account] }));
  }
  for (const [account, resources] of missing) {
    if (whole.has(account)) continue;
    const groups = new Map<string, { locations: string[]; resources: string[] }>();
    for (const [resource, places] of resources) {
      const locations = places.has(null) ? [] : ([...places] as string[]).sort();
      const group = groups.get(locations.join()) ?? { locations, resources: [] };
      groups.set(locations.join(), group);
      group.resources.push(resource);
    }
    for (const { locations, resources: names } of groups.values()) {
      const accounts = account === '' ? [] : [account];
      commands.add(commandLine(kind, { ...selection, accounts, locations, resources: names.sort() }));
    }
  }
  return [...commands];
}
