import type { QueryParam } from '../api/operation.ts';
import { operations } from '../api/operations.generated.ts';
import { ApiError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { identify, notARecord } from '../extractors/answer.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { chooseRead, selectResources } from '../extractors/select.ts';
import type { Window } from '../extractors/windows.ts';
import { collect } from '../streams/collect.ts';
import { commitBatch } from '../streams/commit.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { listChunks } from '../streams/list-stream.ts';
import { noParents, parentChunks } from '../streams/parent-stream.ts';
import { parentScope } from '../streams/parents.ts';
import { pump } from '../streams/stream.ts';
import { recordProblem, type UnitOutcome } from '../streams/unit-outcome.ts';
import { planUnits } from '../streams/units.ts';
import { type LifecycleOptions, type RunDependencies, RunLifecycle, type RunReport } from './lifecycle.ts';

/** What a targeted read reads: a window of time, or persons. */
export interface Target {
  readonly window?: Window | undefined;
  readonly patients: readonly string[];
}

export interface TargetedOptions extends Omit<LifecycleOptions, 'kind'> {
  readonly target: Target;
  readonly onStart?: ((runId: string, continued: boolean) => void) | undefined;
}

/** Whether a list has a filter on a patient in the contract. */
function byPatient(unit: Unit): boolean {
  const spec: { readonly query: readonly QueryParam[] } = operations[unit.read.operation];
  return spec.query.some(({ name }) => name === 'patientId');
}

/**
 * Reads one window of time, or everything of some persons, now. It takes no lease and stores no cursor, so it may run beside a nightly
 * sync: of rows that both read, the newer version is stored. It proves nothing about a list as a whole and never deletes.
 */
export async function executeTargeted(deps: RunDependencies, options: TargetedOptions): Promise<RunReport> {
  return await RunLifecycle.run(deps, { ...options, kind: 'backfill' }, async (lifecycle) => {
    options.onStart?.(lifecycle.runId, false);
    const context = lifecycle.context({ id: '0', startedAt: deps.clock.now() }, { leased: false, hints: true });
    const resources = selectResources(options.selection.resources);
    const targeted = new Targeted(lifecycle, context, options.target);
    await Promise.all(lifecycle.accounts.map((account) => targeted.account(account, resources)));
  });
}

class Targeted {
  readonly #lifecycle: RunLifecycle;
  readonly #context: RunContext;
  readonly #target: Target;

  constructor(lifecycle: RunLifecycle, context: RunContext, target: Target) {
    this.#lifecycle = lifecycle;
    this.#context = context;
    this.#target = target;
  }

  async account(accountId: string, resources: readonly Resource[]): Promise<void> {
    const locations = await this.#lifecycle.locations(accountId);
    const { newerOperations } = this.#lifecycle.deps;
    const on = this.#lifecycle.on(accountId, resources);
    const units = planUnits(on, accountId, locations, (read) => chooseRead(read, newerOperations)).map(
      ({ unit }) => unit,
    );
    const lists = units.filter((unit) => unit.read.parent === undefined);
    const { window, patients } = this.#target;
    if (patients.length > 0) {
      await this.#all(lists, (unit) => (unit.resource.holdsPersons ? this.#persons(unit) : this.#listOfPersons(unit)));
      await this.#all(
        units.filter((unit) => unit.read.parent !== undefined),
        (unit) => this.#below(unit),
      );
    } else if (window !== undefined) {
      const windowed = lists.filter((unit) => unit.read.window !== undefined);
      await this.#all(windowed, (unit) =>
        this.#pump(unit, listChunks(this.#context, unit, { window, next: null, pages: 0 })),
      );
    }
  }

  async #all(units: readonly Unit[], work: (unit: Unit) => Promise<boolean | undefined>): Promise<void> {
    await Promise.all(
      units.map((unit) =>
        this.#lifecycle.execute(this.#context, unit, 0, async (): Promise<UnitOutcome> => {
          try {
            const ended = await work(unit);
            return { state: ended === undefined ? 'skipped' : ended ? 'certified' : 'stopped' };
          } catch (cause) {
            const error = classifyError(cause);
            if (error instanceof StopError) return { state: 'stopped' };
            await recordProblem(this.#context, unit, error).catch(() => undefined);
            return { state: 'failed', error };
          }
        }),
      ),
    );
  }

  #pump(unit: Unit, source: ReturnType<typeof listChunks>): Promise<boolean> {
    return pump(this.#context, { unit, sweepId: null, scope: null }, source);
  }

  /** Reads the persons by id, because their list has no filter on a person. Both give records of the same form. */
  async #persons(unit: Unit): Promise<boolean> {
    for (const patientId of this.#target.patients) {
      if (this.#context.stop.requested) return false;
      const { accountId, resource } = unit;
      const answer = await this.#context.api
        .callRaw(
          'getPatient',
          { accountId, patientId },
          {
            signal: this.#context.stop.signal,
            beforeAttempt: () => this.#context.counters.request(resource.name),
          },
        )
        .catch((error: unknown) => {
          // The patient belongs to another account or is gone. Only a sweep of the nightly sync proves which.
          if (error instanceof ApiError && error.code === 'api.not_found') return undefined;
          throw error;
        });
      if (answer === undefined) continue;
      const found = identify(resource, answer.body, { field: 'id', value: patientId });
      // The patient was merged into another one. The nightly sync finds that this one is gone.
      if (found.kind === 'other') continue;
      if (found.kind === 'none') throw notARecord('getPatient', 'the answer has no field of the requested patient');
      await commitBatch(this.#context, {
        unit,
        sweepId: null,
        scope: null,
        collected: collect(resource, unit.read, [answer.body], {
          accountId,
          context: {},
          readAt: answer.sentAt,
          unknown: (name) => this.#context.counters.unknown(name),
        }),
        read: 1,
        cursor: null,
        done: true,
        parents: [],
      });
    }
    return true;
  }

  async #listOfPersons(unit: Unit): Promise<boolean | undefined> {
    if (!byPatient(unit)) return undefined;
    for (const patientId of this.#target.patients) {
      if (!(await this.#pump(unit, listChunks(this.#context, unit, { next: null, pages: 0 }, { patientId }))))
        return false;
    }
    return true;
  }

  /** Reads the lists below the persons and below the persons' own rows, for example their invoices. */
  async #below(unit: Unit): Promise<boolean | undefined> {
    const parent = unit.read.parent;
    if (parent === undefined) return undefined;
    const holder = resourceNamed(parent.resource);
    if (holder.holdsPersons !== true && !holder.columns.some(({ name }) => name === 'patient_id')) return undefined;
    const { from, values } = parentScope(unit, { persons: this.#target.patients });
    const { rows } = await this.#context.pool.query<{ id: string }>(
      `SELECT p.id::text AS id FROM ${from} ORDER BY p.id`,
      [...values],
    );
    async function* ids() {
      for (const { id } of rows) yield id;
    }
    return await this.#pump(unit, parentChunks(this.#context, unit, noParents, ids()));
  }
}
