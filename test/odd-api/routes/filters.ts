import { Refusal } from '../http/call.ts';
import type { Row } from '../world/collection.ts';

/** Tells whether a row fits the value of one query parameter; a bad value is refused with 400. */
export type Filter = (row: Row, value: string) => boolean;

const folded = (value: unknown) => String(value ?? '').toLowerCase();

export function contains(...fields: readonly string[]): Filter {
  return (row, value) => folded(fields.map((field) => row[field] ?? '').join(' ')).includes(folded(value));
}

export function same(field: string): Filter {
  return (row, value) => folded(row[field]) === folded(value);
}

export function id(field: string): Filter {
  return (row, value) => row[field] === whole(value);
}

export function idAmong(field: string): Filter {
  return (row, value) => Array.isArray(row[field]) && row[field].includes(whole(value));
}

export function flag(field: string): Filter {
  return (row, value) => {
    if (value !== 'true' && value !== 'false') throw new Refusal(400, 'true or false is expected');
    return row[field] === (value === 'true');
  };
}

export function oneOf(field: string, values: readonly string[]): Filter {
  return (row, value) => {
    if (!values.includes(value)) throw new Refusal(400, `${field} does not know that value`);
    return row[field] === value;
  };
}

/** On either channel of a message. */
export function deliveryState(row: Row, value: string): boolean {
  return row['emailStatus'] === value || row['smsStatus'] === value;
}

/** The start of a range counts, the end does not: no page tells, and a client has to live with either. */
export function since(field: string): Filter {
  return (row, value) => timeOf(row[field]) >= bound(value);
}

export function before(field: string): Filter {
  return (row, value) => timeOf(row[field]) < bound(value);
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

function bound(value: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) {
    throw new Refusal(400, 'an instant with an offset is expected');
  }
  return Date.parse(value);
}

function whole(value: string): number {
  if (!/^\d{1,19}$/.test(value)) throw new Refusal(400, 'a whole number is expected');
  return Number(value);
}
