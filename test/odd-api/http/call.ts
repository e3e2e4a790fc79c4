import type { Row } from '../world/collection.ts';
import type { World } from '../world/world.ts';

/** How the bytes of an answer travel. */
export interface Transport {
  /** Waits before the first byte. */
  readonly delayMs?: number;
  /** Sends the body in parts, with a pause after each. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
  /** Sends so many bytes of the body and then nothing more, the connection open. */
  readonly stallAfter?: number;
  /** Told once those bytes are sent, so that a test need not wait for a deadline. */
  readonly stalled?: (() => void) | undefined;
  /** Sends so many bytes of the promised body and ends the connection. */
  readonly cutAfter?: number;
  /** Declares so many bytes, whatever the body has, and ends the connection after it. */
  readonly claim?: number;
  /** Ends the connection without any answer. */
  readonly reset?: boolean;
}

/** An answer on its way out. `json` is written unless `text` or `bytes` stand in its place. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  json?: unknown;
  text?: string;
  bytes?: Buffer;
  transport?: Transport;
  /** Sends no Date header. */
  omitDate?: boolean;
  /** Never packed. */
  plainBytes?: boolean;
}

/** What an odd kind may ask of the plain list code. */
export interface Tuning {
  /** Pages hold as many rows as asked for. */
  fullPages?: boolean;
  /** Pages are cut by number of rows, in an order that this text stirs: rows move between reads. */
  stir?: string;
}

/** One request, with what was found out about it. */
export interface Call {
  /** Its number since the start, from 1. */
  readonly n: number;
  readonly method: string;
  /** The path below the base, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The contract's operationId; `token` for the token endpoint, `unknown` else. */
  readonly op: string;
  /** The array's name for a list. */
  readonly listKey: string | undefined;
  readonly params: Record<string, number>;
  readonly now: number;
  readonly world: World;
  readonly tuning: Tuning;
  body: unknown;
}

export type Next = () => Promise<Answer>;

export function answer(status: number, json: unknown): Answer {
  return { status, headers: {}, json };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** An error in the shape of the contract. */
export function failure(status: number, message: string): Answer {
  return answer(status, { requestId: `odd-${status}`, message, error: TITLES[status] ?? 'Error' });
}

/** Thrown by plain code, turned into an answer at one place. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Changes every record of an answer: each row of a list, or the one object. Errors stay as they are. */
export function eachRecord(call: Call, found: Answer, change: (record: Row, index: number) => unknown): Answer {
  if (found.status >= 300 || !isRow(found.json)) return found;
  if (call.listKey === undefined) return { ...found, json: change(found.json, 0) };
  const rows = found.json[call.listKey];
  if (!Array.isArray(rows)) return found;
  return {
    ...found,
    json: { ...found.json, [call.listKey]: rows.map((row, index) => (isRow(row) ? change(row, index) : row)) },
  };
}

/** Changes the rows of a list as a whole. */
export function rowsOf(call: Call, found: Answer): Row[] | undefined {
  if (found.status >= 300 || call.listKey === undefined || !isRow(found.json)) return undefined;
  const rows = found.json[call.listKey];
  return Array.isArray(rows) ? (rows as Row[]) : undefined;
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
