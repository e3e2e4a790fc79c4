import { type Account, makeAccount } from './account.ts';
import { Catalogue } from './data/catalogue.ts';
import { ChildTable } from './data/children.ts';
import { Ids } from './data/ids.ts';
import { Layout } from './data/layout.ts';
import { RANKS } from './data/time-index.ts';
import type { Located, Row, Source } from './data/types.ts';
import type { Settings } from './options.ts';
import { makePools } from './pools.ts';
import { hashText } from './random.ts';
import { type AccountContext, ID_BASE } from './rows/context.ts';
import { makeGlobal } from './rows/declared.ts';
import type { DeclaredTable } from './rows/define.ts';
import { makeEventTypes, makeWebhooks } from './rows/offers.ts';
import { makeLocations, makeRoleGroups } from './rows/small.ts';
import { Clockwork, DAY } from './time.ts';

/** One thing that changed in the world. */
export interface JournalEntry {
  resource: string;
  accountId: number;
  locationId?: number;
  parentId?: number;
  id: number;
  change: 'created' | 'updated' | 'deleted';
}

/** State of objects that have no list: attempts, identity proofs, conversions. */
export interface Session {
  row: Row;
  /** Secret of an identity proof. */
  token?: string;
  /** Where codes were sent. */
  sentTo: Set<string>;
}

/** Everything the simulator knows. */
export interface World {
  settings: Settings;
  clock: Clockwork;
  /** The simulated present in seconds; evolving moves it on. */
  now: number;
  accounts: Map<number, Account>;
  /** Lists that belong to the token, not to an account. */
  global: Map<string, Catalogue>;
  journal: JournalEntry[];
  /** Sessions by kind, account and id. */
  sessions: Map<string, Session>;
  /** Ids given to things made through the API, by kind. */
  counters: Map<string, number>;
}

const HISTORY = 3 * 365 * DAY;

/** Relative numbers of rows per location: the first is busiest, the last of three or more is closed and small. */
function weights(count: number): number[] {
  return Array.from({ length: count }, (_, l) => (l === 0 ? 4 : count > 2 && l === count - 1 ? 1 : 3));
}

/** Builds the world of a seed. @throws Error when a location would hold more messages than can be sorted. */
export function makeWorld(settings: Settings, tables: readonly DeclaredTable[]): World {
  const busiest = new Layout(weights(settings.locationsPerAccount)).countBelow(0, settings.patients * 10);
  if (busiest * 1.25 > RANKS) throw new Error('Too many patients for so few locations: give more locations');
  const pools = makePools(settings.seed);
  const clock = new Clockwork();
  const present = Math.floor(Date.parse(settings.now) / 1000);
  const accounts = new Map<number, Account>();
  settings.accounts.forEach((accountId, ordinal) => {
    const base = {
      accountId,
      ordinal,
      accounts: Math.max(settings.accounts.length, 2),
      seed: settings.seed,
      pools,
      clock,
      present,
      history: HISTORY,
    };
    const locations = makeLocations(base, settings.locationsPerAccount);
    const context: AccountContext = {
      ...base,
      layout: new Layout(weights(settings.locationsPerAccount)),
      locations: locations.map((row) => ({
        id: row['id'] as number,
        name: row['name'] as string,
        zone: row['timeZone'] as string,
      })),
      patients: settings.patients,
    };
    accounts.set(accountId, makeAccount(context, locations, tables));
  });
  const ids = new Ids(ID_BASE.webhooks - 500, 2, 0, hashText('webhooks'));
  const plain = (rows: readonly Row[]) => rows.map((row) => ({ row }));
  const global = [
    new Catalogue({ resource: 'role_groups', entries: plain(makeRoleGroups()) }),
    new Catalogue({
      resource: 'webhook_endpoints',
      entries: plain(makeWebhooks({ clock, present }, (i) => ids.of(i), 1)),
    }),
    new Catalogue({ resource: 'webhook_event_types', entries: plain(makeEventTypes()), key: 'eventType' }),
    ...globalTables(settings, [...accounts.values()][0]?.context, tables),
  ];
  return {
    settings,
    clock,
    now: present,
    accounts,
    global: new Map(global.map((source) => [source.resource, source])),
    journal: [],
    sessions: new Map(),
    counters: new Map(),
  };
}

/** The declared lists of the token. Their rows are made as if the token were an account without patients. */
function globalTables(
  { seed }: Settings,
  first: AccountContext | undefined,
  tables: readonly DeclaredTable[],
): Catalogue[] {
  if (first === undefined) return [];
  const context: AccountContext = { ...first, accountId: 0, ordinal: 0, seed, locations: [], patients: 0 };
  return tables.filter(({ scope }) => scope === 'global').map((table) => makeGlobal(context, table));
}

/** The source of a resource: of an account, or of the token when no account is named. */
export function sourceOf(world: World, resource: string, accountId: number | undefined): Source | undefined {
  if (accountId === undefined) return world.global.get(resource);
  return world.accounts.get(accountId)?.sources.get(resource) ?? world.global.get(resource);
}

/** Notes a change in the journal; a row that comes or goes takes along what declared lists have below it. */
export function note(
  world: World,
  account: Account,
  resource: string,
  id: number,
  change: JournalEntry['change'],
  place: Omit<Located, 'row'> = account.sources.get(resource)?.locate(id) ?? {},
): void {
  world.journal.push({ resource, accountId: account.id, ...place, id, change });
  if (change === 'updated') return;
  for (const { table, source } of account.declared) {
    if (table.parentResource !== resource || !(source instanceof ChildTable)) continue;
    for (const row of source.rows(source.spec.parent.spec.ids.indexOf(id)))
      note(world, account, source.resource, row['id'] as number, change);
  }
}

/** The next id of a kind of thing that only the API makes. */
export function nextId(world: World, kind: keyof typeof ID_BASE): number {
  const next = (world.counters.get(kind) ?? 0) + 1;
  world.counters.set(kind, next);
  return ID_BASE[kind] + next * 3;
}
