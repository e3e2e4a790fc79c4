import { hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import type { WritableResource, WriteOperation } from '../core/writable.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { type CheckedLine, type CheckOptions, checkLine } from '../push/import/check.ts';
import { readCsv } from '../push/import/csv.ts';
import { readNdjson } from '../push/import/ndjson.ts';
import type { Fault } from '../push/validate.ts';
import { addAudit } from '../state/audit.ts';
import { insertRows, type NewOutboxRow, type OutboxReference, usedReferences } from '../state/outbox/add.ts';
import { type Access, actor } from './access.ts';

export interface AddOptions {
  /** The file as it comes; its errors must be fit to be shown. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly format: 'csv' | 'ndjson';
  /** Only check. */
  readonly checkOnly?: boolean;
  /** For lines that name none. */
  readonly resource?: WritableResource | undefined;
  readonly operation?: WriteOperation | undefined;
  /** Default: the account of the settings, where they name a single one. */
  readonly account?: string | undefined;
  readonly location?: string | undefined;
}

/** What is wrong with a line: names and kinds of fault, never a value. */
export type LineFault = Fault & { readonly line: number };

export interface AddReport {
  readonly inserted: number;
  readonly firstId: string | null;
  readonly lastId: string | null;
  /** Lines that ask for something; neither the header nor blank ones. */
  readonly lines: number;
  /** In the order of the file, {@link MOST_FAULTS} at most. */
  readonly faults: readonly LineFault[];
  readonly faultsTotal: number;
}

/** Faults that are kept. Whoever has more looks at the first ones and then at the file as a whole. */
const MOST_FAULTS = 1000;
/** Lines that are looked up and inserted at once. */
const BATCH = 500;
const USED: Fault = { field: 'external_ref', problem: 'is used already' };

/**
 * Inserts the lines of a file into the outbox, all of them or none, in one transaction and in the order of the file. Reports every
 * fault of every line. Holds a batch in memory, and a hash of each reference.
 *
 * @throws ConfigError when the options name an account that the settings don't
 */
export async function addLines(access: Access, options: AddOptions): Promise<AddReport> {
  const check = checkOptions(access, options);
  await access.requireSchema();
  return await access.ask(async (db) => {
    const lines = options.format === 'csv' ? readCsv(options.source) : readNdjson(options.source);
    const adding = new Adding(check, access.clock, options.checkOnly !== true);
    try {
      if (options.checkOnly === true) await adding.run(db, lines);
      else await db.transaction().execute((tx) => adding.run(tx, lines));
    } catch (error) {
      if (!(error instanceof NothingInserted)) throw error;
    }
    return adding.report();
  });
}

function checkOptions({ config, clock }: Access, { resource, operation, account, location }: AddOptions): CheckOptions {
  const { accountIds: accounts } = config.lobbie();
  if (account !== undefined && !accounts.includes(account)) {
    throw new ConfigError([`--account ${account} is not in LOBBIE_ACCOUNT_IDS`]);
  }
  const [only, ...others] = accounts;
  const defaults = {
    ...{ resource, operation, location_id: location, requested_by: actor() },
    account_id: account ?? (others.length === 0 ? only : undefined),
  };
  const given = Object.entries(defaults).filter(([, value]) => value !== undefined);
  const { appointmentBody, ownedByLobbie } = config.push;
  return {
    ...{ accounts, appointmentBody, ownedByLobbie: new Set(ownedByLobbie), now: clock.now() },
    defaults: Object.fromEntries(given),
  };
}

/** Ends the transaction of a file with faults. */
class NothingInserted extends Error {}

class Adding {
  readonly #check: CheckOptions;
  readonly #clock: Clock;
  readonly #insert: boolean;
  /** Hashes of the references of the file so far. */
  readonly #met = new Set<string>();
  readonly #faults: LineFault[] = [];
  #faultsTotal = 0;
  #lines = 0;
  #inserted = 0;
  #firstId: string | null = null;
  #lastId: string | null = null;

  constructor(check: CheckOptions, clock: Clock, insert: boolean) {
    this.#check = check;
    this.#clock = clock;
    this.#insert = insert;
  }

  /** @throws NothingInserted when anything is wrong */
  async run(db: Kysely<SyncDatabase>, lines: ReturnType<typeof readCsv>): Promise<void> {
    let batch: CheckedLine[] = [];
    for await (const line of lines) {
      if (line.header !== true) this.#lines += 1;
      batch.push(checkLine(line, this.#check));
      if (batch.length < BATCH) continue;
      await this.#take(db, batch);
      batch = [];
    }
    await this.#take(db, batch);
    if (this.#faultsTotal > 0) throw new NothingInserted();
    if (this.#inserted === 0) return;
    const subject = { rows: this.#inserted, firstId: this.#firstId, lastId: this.#lastId };
    await addAudit(db, { actor: actor(), action: 'push.add', subject }, this.#clock.now());
  }

  report(): AddReport {
    const nothing = this.#faultsTotal > 0;
    return {
      inserted: nothing ? 0 : this.#inserted,
      firstId: nothing ? null : this.#firstId,
      lastId: nothing ? null : this.#lastId,
      lines: this.#lines,
      faults: this.#faults,
      faultsTotal: this.#faultsTotal,
    };
  }

  async #take(db: Kysely<SyncDatabase>, batch: readonly CheckedLine[]): Promise<void> {
    const twice = new Set<CheckedLine>();
    const asked = new Map<string, OutboxReference>();
    for (const line of batch) {
      if (line.reference === null) continue;
      const key = keyOf(line.reference);
      if (this.#met.has(key)) twice.add(line);
      else asked.set(key, line.reference);
      this.#met.add(key);
    }
    // References of this file's own rows are not looked up: whatever is found belongs to other rows.
    const used = asked.size === 0 ? [] : await usedReferences(db, [...asked.values()]);
    const taken = new Set(used.map(keyOf));
    for (const line of batch) {
      const isUsed = line.reference !== null && (twice.has(line) || taken.has(keyOf(line.reference)));
      this.#report(line, isUsed ? [...line.faults, USED] : line.faults);
    }
    // With a single fault nothing is inserted in the end.
    if (this.#insert && this.#faultsTotal === 0 && batch.length > 0) await this.#insertBatch(db, batch);
  }

  async #insertBatch(db: Kysely<SyncDatabase>, batch: readonly CheckedLine[]): Promise<void> {
    const rows = batch.map(({ row }) => row as NewOutboxRow);
    const inserted = await insertRows(db, rows);
    this.#inserted += inserted.length;
    this.#firstId ??= inserted[0]?.id ?? null;
    this.#lastId = inserted.at(-1)?.id ?? this.#lastId;
    if (inserted.length === rows.length) return;
    const there = new Set(inserted.flatMap((row) => (hasReference(row) ? [keyOf(row)] : [])));
    for (const line of batch)
      if (line.reference !== null && !there.has(keyOf(line.reference))) this.#report(line, [USED]);
  }

  #report({ line }: CheckedLine, faults: readonly Fault[]): void {
    this.#faultsTotal += faults.length;
    const room = MOST_FAULTS - this.#faults.length;
    this.#faults.push(...faults.slice(0, room).map((fault) => ({ line, ...fault })));
  }
}

const hasReference = <Row extends { readonly externalRef: string | null }>(
  row: Row,
): row is Row & { readonly externalRef: string } => row.externalRef !== null;

/** Of one length, however long the reference is. */
const keyOf = ({ resource, accountId, externalRef }: OutboxReference): string =>
  hash('sha256', `${resource} ${accountId} ${externalRef}`, 'base64');
