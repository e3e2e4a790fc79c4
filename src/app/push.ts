import type { Kysely } from 'kysely';
import { parseJson } from '../api/json.ts';
import type { OutboxStatus } from '../core/writable.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { JsonObject } from '../push/row.ts';
import { ownNames } from '../push/validate.ts';
import { addAudit } from '../state/audit.ts';
import { type PushControl, readControl, setPaused } from '../state/outbox/control.ts';
import {
  approveRows,
  cancelRows,
  type EntryFilter,
  type OutboxEntry,
  type OutboxSummary,
  outboxEntries,
  outboxSummary,
  resolveConflict,
  resolveDoubt,
  retryRows,
  type StoredValues,
  storedValues,
} from '../state/outbox/review.ts';
import type { OutboxChoice } from '../state/outbox/rows.ts';
import { type Access, actor } from './access.ts';
import { type AddOptions, type AddReport, addLines } from './push-add.ts';
import {
  type ApplyOptions,
  type ApplyReport,
  adoptRecord,
  applyPush,
  type PlanOptions,
  type PlanReport,
  planPush,
  refusedDecision,
} from './push-run.ts';

/** What a person decides about a row that waits. */
export type Decision =
  /** A conflict: field by field, and `rest` for all others in question. */
  | {
      readonly kind: 'conflict';
      readonly fields: Readonly<Record<string, 'ours' | 'theirs'>>;
      readonly rest?: 'ours' | 'theirs' | undefined;
    }
  /** A doubt: it became this record. */
  | { readonly kind: 'adopt'; readonly resultId: string }
  /** A doubt: nothing was done, it is to be sent again. */
  | { readonly kind: 'again' };

/** Changes on their way to Lobbie. */
export class Push {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Inserts the lines of a file, all or none. */
  async add(options: AddOptions): Promise<AddReport> {
    return await addLines(this.#access, options);
  }

  /** Delivers what waits. */
  async apply(options: ApplyOptions): Promise<ApplyReport> {
    return await applyPush(this.#access, options);
  }

  /** What delivering would do; nothing is written. With `shown` a person is about to see values, which the audit log keeps. */
  async plan(options: PlanOptions, shown: boolean): Promise<PlanReport> {
    const report = await planPush(this.#access, options);
    const outbox = report.entries.map((entry) => entry.id);
    if (shown)
      await this.#write((db, at) =>
        addAudit(db, { actor: actor(), action: 'push.show_values', subject: { outbox } }, at),
      );
    return report;
  }

  async summary(choice: OutboxChoice = {}): Promise<OutboxSummary> {
    return await this.#read((db) => outboxSummary(db, this.#access.clock.now(), choice));
  }

  async list(filter: EntryFilter): Promise<readonly OutboxEntry[]> {
    return await this.#read((db) => outboxEntries(db, filter));
  }

  /** What the outbox keeps of rows with values: protected health information; the audit log keeps that it was shown. */
  async values(ids: readonly string[]): Promise<readonly OutboxValues[]> {
    return await this.#write(async (db, at) => {
      await addAudit(db, { actor: actor(), action: 'push.show_values', subject: { outbox: ids } }, at);
      return (await storedValues(db, ids)).map(readValues);
    });
  }

  /** Queues rows again; returns their ids. Without a choice only those that failed or wait, not those that have to be corrected first. */
  async retry(choice: OutboxChoice | undefined): Promise<readonly string[]> {
    const statuses: readonly OutboxStatus[] | undefined =
      choice === undefined ? ['failed', 'pending', 'in_doubt'] : undefined;
    return await this.#change('push.retry', (db) => retryRows(db, choice ?? {}, statuses));
  }

  /** Takes rows back that are not sent; returns their ids. */
  async cancel(choice: OutboxChoice): Promise<readonly string[]> {
    return await this.#change('push.cancel', (db, at) => cancelRows(db, choice, at));
  }

  /** Lets deletes go; returns their ids. */
  async approve(choice: OutboxChoice): Promise<readonly string[]> {
    return await this.#change('push.approve', (db, at) => approveRows(db, choice, actor(), at));
  }

  /**
   * Settles what waits for a person.
   *
   * @throws LobbieSyncError (exit code 2) when the row does not wait for such a decision, or a field in question has none
   */
  async resolve(id: string, decision: Decision): Promise<{ readonly status: OutboxStatus }> {
    const [row] = await this.list({ ids: [id], limit: 1 });
    if (row === undefined) throw refusedDecision(`there is no row ${id}`);
    // Adopting asks Lobbie, which no transaction waits for.
    if (decision.kind === 'adopt') await adoptRecord(this.#access, row, decision.resultId);
    return await this.#write(async (db, at) => {
      const status = decision.kind === 'adopt' ? 'succeeded' : await settle(db, row, decision, at);
      if (status === undefined) throw refusedDecision(`row ${id} does not wait for that decision`);
      const subject = { outbox: id, ...decision };
      await addAudit(
        db,
        { actor: actor(), action: 'push.resolve', accountId: row.accountId, resource: row.resource, subject },
        at,
      );
      return { status };
    });
  }

  /** Stops deliveries, here and in every other process; what is in flight comes to its end. */
  async pause(reason: string | null): Promise<PushControl> {
    return await this.#control('push.pause', this.#access.clock.now(), reason);
  }

  async resume(): Promise<PushControl> {
    return await this.#control('push.resume', null, null);
  }

  async #control(action: string, at: Date | null, reason: string | null): Promise<PushControl> {
    return await this.#write(async (db, now) => {
      await setPaused(db, at, actor(), reason);
      await addAudit(db, { actor: actor(), action }, now);
      return await readControl(db);
    });
  }

  async #change(
    action: string,
    work: (db: Kysely<SyncDatabase>, at: Date) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    return await this.#write(async (db, at) => {
      const outbox = await work(db, at);
      if (outbox.length > 0) await addAudit(db, { actor: actor(), action, subject: { outbox } }, at);
      return outbox;
    });
  }

  async #read<T>(work: (db: Kysely<SyncDatabase>) => Promise<T>): Promise<T> {
    await this.#access.requireSchema();
    return await this.#access.ask(work);
  }

  async #write<T>(work: (db: Kysely<SyncDatabase>, at: Date) => Promise<T>): Promise<T> {
    return await this.#read((db) => db.transaction().execute((tx) => work(tx, this.#access.clock.now())));
  }
}

/** What the outbox keeps of a row with values; protected health information. */
export interface OutboxValues {
  readonly id: string;
  /** By the fields' own names. */
  readonly changes: JsonObject;
  readonly base: JsonObject;
  /** Lobbie's record at the conflict. */
  readonly remote: JsonObject;
  /** What Lobbie answered when it refused the write. */
  readonly answer: string | null;
}

function readValues({ id, resource, changes, base, remote, answer }: StoredValues): OutboxValues {
  const read = (text: string | null) => (text === null ? {} : (parseJson(text) as JsonObject));
  return { id, changes: ownNames(resource, read(changes)), base: read(base), remote: read(remote), answer };
}

/** The status that a decision leads to; undefined when the row does not wait for it. */
async function settle(
  db: Kysely<SyncDatabase>,
  row: OutboxEntry,
  decision: Exclude<Decision, { readonly kind: 'adopt' }>,
  at: Date,
): Promise<OutboxStatus | undefined> {
  const { id } = row;
  if (decision.kind === 'again') return (await resolveDoubt(db, id, null, at)) ? 'pending' : undefined;
  if (row.status !== 'conflict') return undefined;
  const { rest } = decision;
  const fields = ownNames(row.resource, decision.fields) as typeof decision.fields;
  if (row.operation === 'delete') {
    // A delete goes or does not go, whichever fields have changed.
    if (rest === 'theirs') return (await cancelRows(db, { ids: [id] }, at)).length > 0 ? 'cancelled' : undefined;
    if (rest !== 'ours')
      throw refusedDecision(`row ${id} is a delete`, 'Decide about it as a whole: --ours deletes, --theirs does not.');
    if (!(await resolveConflict(db, id, {}))) return undefined;
    await approveRows(db, { ids: [id] }, actor(), at);
    return 'pending';
  }
  const foreign = Object.keys(fields).filter((field) => !row.conflictFields.includes(field));
  if (foreign.length > 0) {
    throw refusedDecision(
      `${foreign.join(', ')}: not in question in row ${id}`,
      `In question: ${row.conflictFields.join(', ')}.`,
    );
  }
  const decided: Record<string, 'ours' | 'theirs'> = {};
  for (const field of row.conflictFields) {
    const word = fields[field] ?? rest;
    if (word === undefined)
      throw refusedDecision(`${field} of row ${id} is not decided`, 'Say --ours or --theirs for what is left.');
    decided[field] = word;
  }
  return (await resolveConflict(db, id, decided)) ? 'pending' : undefined;
}
