import { stringifyJson } from '../../api/json.ts';
import { WRITABLE_RESOURCES, WRITE_OPERATIONS } from '../../core/writable.ts';
import { asText } from '../../extractors/values.ts';
import type { NewOutboxRow, OutboxReference } from '../../state/outbox/add.ts';
import { type Fault, type ValidateOptions, validateRow } from '../validate.ts';
import { checkValue, externalRefOf } from '../values.ts';
import { type Given, type ImportLine, type OwnColumn, ownColumn } from './line.ts';

/** The settings and defaults that a line is checked with. */
export interface CheckOptions extends Omit<ValidateOptions, 'beforeInsert'> {
  /** Values of columns for lines that leave them out. */
  readonly defaults: Readonly<Partial<Record<OwnColumn, string>>>;
}

/** A checked line: its row is null if the line has a fault. */
export interface CheckedLine {
  readonly line: number;
  readonly row: NewOutboxRow | null;
  /** The reference, which must be unique. It is given even if the line has another fault. */
  readonly reference: OutboxReference | null;
  readonly faults: readonly Fault[];
}

/** The longest reference in bytes; the unique index of references can't hold much more. */
const LONGEST_REFERENCE = 1000;

/** Checks a whole line: the columns as the table would, the changes as a delivery would. Pure. */
export function checkLine({ line, given, faults }: ImportLine, options: CheckOptions): CheckedLine {
  if (given === null) return { line, row: null, reference: null, faults };
  const check = new LineCheck(given, faults, options);
  const row = check.run();
  return { line, row: check.faults.length === 0 ? row : null, reference: check.reference, faults: check.faults };
}

class LineCheck {
  readonly faults: Fault[];
  reference: OutboxReference | null = null;
  readonly #given: Given;
  readonly #options: CheckOptions;

  constructor(given: Given, faults: readonly Fault[], options: CheckOptions) {
    this.#given = given;
    this.faults = [...faults];
    this.#options = options;
  }

  run(): NewOutboxRow | null {
    const resource = this.#word('resource', WRITABLE_RESOURCES);
    const operation = this.#word('operation', WRITE_OPERATIONS);
    const accountId = this.#id('account_id');
    const locationId = this.#id('location_id');
    const targetId = this.#id('target_id');
    const externalRef = this.#text('external_ref');
    const allowNulls = this.#flag('allow_nulls');
    const requestedBy = this.#text('requested_by') ?? '';
    if (accountId === null) this.#fault('account_id', 'is required');
    if (externalRef !== null) this.#checkReference('external_ref', externalRef);
    if (resource === 'appointments' && operation === 'delete') {
      this.#fault('operation', 'appointments can not be deleted; an update of their status cancels them');
    }
    if (operation === 'create' && targetId !== null) this.#fault('target_id', 'is not taken by a create');
    if (resource !== null && accountId !== null && externalRef !== null) {
      this.reference = { resource, accountId, externalRef };
    }
    if (resource === null || operation === null) return null;
    const changes = this.#given.changes ?? {};
    const ids = { accountId: accountId ?? '', locationId, targetId };
    this.#checkRow({ resource, operation, ...ids, changes, allowNulls });
    const row = { resource, operation, ...ids, externalRef, allowNulls, requestedBy };
    return this.faults.length > 0 ? null : { ...row, changes: stringifyJson(changes) ?? '{}' };
  }

  /** Adds the faults that a delivery would find: one for each field, and none that only follows from unreadable changes. */
  #checkRow(row: Parameters<typeof validateRow>[0]): void {
    if (row.operation === 'delete' && Object.keys(row.changes).length > 0) {
      this.#fault('changes', 'are not taken by a delete');
    }
    const reference = externalRefOf(row.changes['patientId']);
    if (reference !== undefined) this.#checkReference('patientId', reference);
    const { faults } = validateRow(row, { ...this.#options, beforeInsert: true });
    const known = new Set(this.faults.map(({ field }) => field));
    const counts = ({ field }: Fault) => this.#given.changes !== null || ownColumn(field) !== undefined;
    this.faults.push(...faults.filter((fault) => counts(fault) && !known.has(fault.field)));
  }

  /** Adds a fault if it is the first of its column, because later ones usually follow from it. */
  #fault(field: string, problem: string): void {
    if (!this.faults.some((fault) => fault.field === field)) this.faults.push({ field, problem });
  }

  #value(column: OwnColumn): unknown {
    return this.#given.own.get(column) ?? this.#options.defaults[column];
  }

  #word<Word extends string>(column: OwnColumn, words: readonly Word[]): Word | null {
    const value = this.#value(column);
    const word = words.find((each) => each === value);
    if (value === undefined) this.#fault(column, 'is required');
    else if (word === undefined) this.#fault(column, `must be ${words.join(' or ')}`);
    return word ?? null;
  }

  #id(column: OwnColumn): string | null {
    const value = this.#value(column);
    if (value === undefined) return null;
    const checked = checkValue('id', value, this.#options.now);
    if ('problem' in checked) this.#fault(column, checked.problem);
    return 'problem' in checked ? null : String(checked.value);
  }

  #text(column: OwnColumn): string | null {
    const value = this.#value(column);
    if (value === undefined) return null;
    const checked = checkValue('text', value, this.#options.now);
    const problem = 'problem' in checked ? checked.problem : value === '' ? 'must not be empty' : undefined;
    if (problem !== undefined) this.#fault(column, problem);
    return problem === undefined ? String(value) : null;
  }

  #flag(column: OwnColumn): boolean {
    const value = this.#value(column);
    const word = typeof value === 'string' ? value.toLowerCase() : value;
    if (value !== undefined && word !== true && word !== false && word !== 'true' && word !== 'false') {
      this.#fault(column, 'must be true or false');
    }
    return word === true || word === 'true';
  }

  #checkReference(field: string, reference: string): void {
    const text = asText(reference);
    if (typeof text !== 'string') this.#fault(field, text.problem);
    else if (Buffer.byteLength(text) > LONGEST_REFERENCE)
      this.#fault(field, `is longer than ${LONGEST_REFERENCE} bytes`);
  }
}
