import { Refusal } from '../http/call.ts';

const ACCEPTED = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

/** An instant of a write, in UTC. Forms without an offset are refused. */
export function instantInput(value: unknown): string {
  const time = typeof value === 'string' && ACCEPTED.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Refusal(400, 'startTime must be an instant with an offset');
  return new Date(time).toISOString();
}

export function dateInput(value: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== value) {
    throw new Refusal(400, 'dateOfBirth must be a date');
  }
  return value;
}
