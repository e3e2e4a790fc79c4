import { selectionKey } from '../core/selection.ts';
import { judgeRefusals } from '../deletions/closed-locations.ts';
import { decideCandidates } from '../deletions/deletions.ts';
import { judgeSweeps } from '../deletions/judge.ts';
import type { Resource } from '../extractors/resource.ts';
import { chooseRead } from '../extractors/select.ts';
import { RunLifecycle } from '../runs/lifecycle.ts';
import { noteDeletes } from '../runs/note-deletes.ts';
import {
  busyOf,
  endPassAs,
  type RunDependencies,
  type RunOptions,
  type RunReport,
  readAll,
  readLocations,
  wantedResources,
} from '../runs/run.ts';
import { openPass } from '../state/passes.ts';
import { noteOldest } from '../streams/certify.ts';
import { type RunContext, type Unit, unitName } from '../streams/context.ts';
import { planUnits, TOKEN_ACCOUNT } from '../streams/units.ts';
import { certifyChildren, countParents, oldestParents, rotationQuota, runChildren } from './children.ts';
import { judgeChanges } from './mass-change.ts';
import { runRecent } from './recent.ts';
import { dueFullRereads, fullRereadsOf, runFullReread } from './rotation.ts';

/** How old an interrupted pass may be to be continued, milliseconds. After that, a new one finds more changes. */
const CONTINUE_WITHIN_MS = 6 * 3_600_000;

/** The number of rounds that the rotation of parents is divided into. */
const ROUNDS = 50;

/** The ids that one round reads. Rounds differ by one id at most. */
const slice = (ids: readonly string[], round: number): readonly string[] =>
  ids.slice(Math.ceil((ids.length * round) / ROUNDS), Math.ceil((ids.length * (round + 1)) / ROUNDS));

/** An account and the state of its nightly sync. */
interface Account {
  readonly id: string;
  readonly resources: readonly Resource[];
  /** Resources that another run is reading now. */
  readonly busy: ReadonlySet<string>;
  locations: readonly string[];
  /** Whether its locations were read. Without them nothing else is read. */
  open: boolean;
  /** Candidates about which the API gave no usable answer, by resource. */
  unproven: ReadonlyMap<string, number>;
}

/**
 * The nightly sync. First it finds all changes that can be found cheaply, the most valuable ones first. Then it checks again what was
 * checked longest ago, so that nothing is older than the freshness target as long as the budget allows.
 */
export async function executeNightlySync(deps: RunDependencies, options: RunOptions): Promise<RunReport> {
  let passId: string | undefined;
  return await RunLifecycle.run(
    deps,
    { ...options, kind: 'sync' },
    async (lifecycle) => {
      const now = deps.clock.now();
      const key = selectionKey(options.selection);
      const restart = await lifecycle.patiently(() => isStale(deps, key, now));
      const pass = await lifecycle.patiently(() =>
        openPass(deps.db, {
          kind: 'sync',
          selectionKey: key,
          restart: options.restart ?? restart,
          now,
        }),
      );
      passId = pass.id;
      options.onStart?.(lifecycle.runId, pass.continued);
      await new NightlySync(lifecycle, lifecycle.context(pass, { hints: true })).run();
    },
    async (lifecycle, status) => {
      await endPassAs(lifecycle, passId, status);
    },
  );
}

async function isStale(deps: RunDependencies, key: string, now: Date): Promise<boolean> {
  const open = await deps.db
    .selectFrom('lobbie_sync.passes')
    .select('started_at')
    .where('kind', '=', 'sync')
    .where('selection_key', '=', key)
    .where('status', '=', 'open')
    .executeTakeFirst();
  return open !== undefined && now.getTime() - open.started_at.getTime() > CONTINUE_WITHIN_MS;
}

class NightlySync {
  readonly #lifecycle: RunLifecycle;
  readonly #context: RunContext;
  #accounts: Account[] = [];

  constructor(lifecycle: RunLifecycle, context: RunContext) {
    this.#lifecycle = lifecycle;
    this.#context = context;
  }

  async run(): Promise<void> {
    await this.#lifecycle.patiently(() => this.#open());
    const phases = [
      (account: Account) => this.#whole(account, false),
      (account: Account) => this.#delete(account),
      (account: Account) => this.#recent(account),
      (account: Account) => this.#due(account),
      (account: Account) => this.#whole(account, true),
      // Before the children, because it costs little compared to them and alone finds what is gone: a short budget must reach it.
      (account: Account) => this.#rotate(account),
      (account: Account) => this.#oldest(account),
      (account: Account) => this.#delete(account),
    ];
    for (const phase of phases) {
      if (this.#lifecycle.ending) break;
      // All accounts go through a phase together, so that a short budget is spent on the most valuable phases of each account.
      // After a loss of the database, a phase continues where it was, since everything that was read is stored.
      const patient = (account: Account) => this.#lifecycle.patiently(() => phase(account));
      await Promise.all(this.#accounts.filter((account) => account.open).map(patient));
    }
    for (const account of this.#accounts) {
      const { id } = account;
      await this.#lifecycle.patiently(async () => {
        for (const unit of this.#units(account, 'children')) await noteOldest(this.#context, unit);
        await this.#refusals(account);
      });
      const held = await this.#lifecycle.patiently(() => heldOf(this.#context, id));
      await noteDeletes(this.#lifecycle, id, { held, unproven: account.unproven });
    }
  }

  async #open(): Promise<void> {
    this.#accounts = await Promise.all(
      [TOKEN_ACCOUNT, ...this.#lifecycle.accounts].map(async (id): Promise<Account> => {
        const wanted = await wantedResources(this.#lifecycle, id);
        const resources = wanted.length === 0 ? [] : await this.#lifecycle.lease(id, wanted);
        const holder = id === TOKEN_ACCOUNT ? undefined : resources.find((resource) => resource.holdsLocations);
        const open =
          resources.length > 0 &&
          (holder === undefined || (await readLocations(this.#lifecycle, this.#context, id, holder)));
        const busy = busyOf(wanted, resources);
        return {
          id,
          resources,
          busy,
          unproven: new Map(),
          open,
          locations: open && id !== TOKEN_ACCOUNT ? await this.#lifecycle.locations(id) : [],
        };
      }),
    );
  }

  /** Reads the lists that every nightly sync reads whole. */
  async #whole(account: Account, late: boolean): Promise<void> {
    const whole = account.resources.filter(
      ({ holdsLocations, strategy }) =>
        holdsLocations !== true && strategy.kind === 'full' && (strategy.late ?? false) === late,
    );
    await readAll(this.#lifecycle, this.#context, account.id, { ...account, resources: whole });
    await this.#changes(account);
  }

  async #recent(account: Account): Promise<void> {
    await this.#each(account, 'recent', 5, (unit) => {
      const { strategy } = unit.resource;
      if (strategy.kind !== 'recent') throw new TypeError(`${unit.resource.name} has no recent part`);
      return runRecent(this.#context, unit, strategy);
    });
    await this.#changes(account);
  }

  /** Reads the lists of parents that are new or changed or have a change hint. */
  async #due(account: Account): Promise<void> {
    const days = this.#lifecycle.deps.freshnessDays;
    await this.#each(account, 'children', 5, async (unit) => {
      const outcome = await runChildren(this.#context, unit, { kind: 'due' });
      if (outcome.state === 'certified') await certifyChildren(this.#context, unit, days);
      return outcome;
    });
  }

  /**
   * Reads the lists of the parents checked longest ago, in small rounds. When the budget ends, the same fraction of each list's rotation
   * is done, so that no list waits for ever behind the others.
   */
  async #oldest(account: Account): Promise<void> {
    const days = this.#lifecycle.deps.freshnessDays;
    const chosen = new Map<string, readonly string[]>();
    for (const unit of this.#units(account, 'children')) {
      const counts = await countParents(this.#context, unit, days, this.#context.passStartedAt);
      chosen.set(
        unitName(unit),
        await oldestParents(this.#context, unit, { days, limit: rotationQuota(counts, days) }),
      );
    }
    for (let round = 0; round < ROUNDS && !this.#lifecycle.ending; round += 1) {
      await this.#each(account, 'children', 5, async (unit) => {
        const ids = slice(chosen.get(unitName(unit)) ?? [], round);
        return ids.length === 0 ? { state: 'skipped' } : await runChildren(this.#context, unit, { kind: 'these', ids });
      });
    }
  }

  /** Reads the long lists whole whose full re-read is due, which also finds what is gone. */
  async #rotate(account: Account): Promise<void> {
    const units = this.#units(account, 'recent');
    const rereads = dueFullRereads(
      await fullRereadsOf(this.#context, units),
      this.#lifecycle.deps.freshnessDays,
      this.#context.passStartedAt,
    );
    await Promise.all(
      rereads.map(({ unit }) =>
        this.#lifecycle.execute(this.#context, unit, 5, () => runFullReread(this.#context, unit)),
      ),
    );
    await this.#changes(account);
  }

  /** Before their hints are followed. A run that is ending looks as well: the next one would follow them. */
  async #changes({ id }: Account): Promise<void> {
    await judgeChanges(this.#context, id, this.#lifecycle.deps.changeThreshold);
  }

  /** Finds locations that refuse all of their lists. Only a run that read all lists can do this. */
  async #refusals({ id, open, resources }: Account): Promise<void> {
    const { resources: chosen, locations } = this.#lifecycle.options.selection;
    const holder = resources.find((resource) => resource.holdsLocations);
    if (!open || holder === undefined || this.#lifecycle.ending || chosen.length + locations.length > 0) return;
    await judgeRefusals(this.#context, id, holder, resources);
  }

  async #delete(account: Account): Promise<void> {
    const complete = this.#lifecycle.options.selection.locations.length === 0;
    // Locations were judged as soon as they were read.
    const whole = account.resources.filter(
      ({ holdsLocations, strategy }) => holdsLocations !== true && strategy.kind === 'full',
    );
    await judgeSweeps(this.#context, account.id, whole, complete);
    // Asked again in the last phase, whose answer counts.
    const decided = await decideCandidates(this.#context, account.id, this.#lifecycle.deps.deleteThreshold);
    account.unproven = decided.unproven;
  }

  #units(account: Account, kind: Resource['strategy']['kind']): readonly Unit[] {
    const resources = account.resources.filter(({ strategy }) => strategy.kind === kind);
    const { newerOperations } = this.#lifecycle.deps;
    return planUnits(resources, account.id, account.locations, (read) => chooseRead(read, newerOperations)).map(
      ({ unit }) => unit,
    );
  }

  async #each(
    account: Account,
    kind: Resource['strategy']['kind'],
    priority: number,
    work: (unit: Unit) => ReturnType<typeof runRecent>,
  ): Promise<void> {
    await Promise.all(
      this.#units(account, kind).map((unit) =>
        this.#lifecycle.execute(this.#context, unit, priority, () => work(unit)),
      ),
    );
  }
}

async function heldOf(context: RunContext, accountId: string): Promise<number> {
  const { total } = await context.db
    .selectFrom('lobbie_sync.deletes')
    .select((builder) => builder.fn.countAll<string>().as('total'))
    .where('status', '=', 'held')
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return Number(total);
}
