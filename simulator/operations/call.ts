import type { Account } from '../account.ts';
import type { QueryValue } from '../check.ts';
import type { Operation } from '../contract.ts';
import type { Row } from '../data/types.ts';
import type { World } from '../world.ts';

/** An answer that is no success; the status and message of the contract's Error. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A checked request. */
export interface Call {
  operation: Operation;
  world: World;
  /** Path parameters. */
  params: Record<string, number>;
  query: Map<string, QueryValue>;
  body: Row;
  headers: Record<string, string | string[] | undefined>;
  /** Ordinal of the location in the path. */
  location?: number;
  /** True when the path asks for a bare array. */
  bare: boolean;
}

/** A page of a list. */
export interface ListAnswer {
  kind: 'list';
  key: string;
  rows: Row[];
  positions: string[];
  paginated: boolean;
  next: string | null;
  /** Position after which the page began; empty at the start. */
  began: string;
  /** Makes a cursor of this list for a position. */
  cursor(position: string, nonce: number): string;
}

/** What a handler answers. */
export type Answer =
  | ListAnswer
  | { kind: 'one'; status: number; row: Row }
  | { kind: 'bare'; rows: Row[] }
  | { kind: 'none' };

/** Does the work of one operation. */
export type Handler = (call: Call) => Answer;

/** The account of the path. @throws ApiError 403 without a grant. */
export function accountOf(call: Call): Account {
  const id = call.params['accountId'] as number;
  const account = call.world.accounts.get(id);
  if (account === undefined) throw new ApiError(403, `No grant for account ${String(id)}`);
  return account;
}

/** A 404 that names what is missing. */
export function missing(what: string, id: number): ApiError {
  return new ApiError(404, `${what} ${String(id)} was not found`);
}

/** A record as answer. */
export function one(row: Row, status = 200): Answer {
  return { kind: 'one', status, row };
}

/** The simulated present as text. */
export function nowText(call: Call): string {
  return call.world.clock.utc(call.world.now);
}
