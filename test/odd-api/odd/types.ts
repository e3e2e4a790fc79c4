import type { Answer, Call, Next } from '../http/call.ts';

/** One odd behaviour at work. Several on one request wrap each other, the first added outermost. */
export interface Odd {
  /** Stands around the plain answer: may change the call before, the answer after, or answer itself. */
  handle?(call: Call, next: Next): Promise<Answer> | Answer;
  /** Changes the text of the body. */
  text?(text: string, call: Call, found: Answer): string;
  /** Changes the bytes of the body, and headers that tell of them. */
  bytes?(bytes: Buffer, call: Call, found: Answer): Buffer;
  /** Sees every request, also those that don't fit. */
  every?(call: Call): Promise<void> | void;
}

/** Which requests an odd behaviour is for. What is left out fits every request. */
export interface OddMatch {
  /** To take it away by; without one the kind is the name. */
  readonly name?: string;
  /** operationId of the contract, or `token`. */
  readonly op?: string | readonly string[];
  /** A text that the path contains, or a pattern. */
  readonly path?: string | RegExp;
  /** Only the nth of the requests that fit so far, from 1. */
  readonly nth?: number | readonly number[];
  /** From the nth of them on. */
  readonly fromNth?: number;
  /** So many of them at most. */
  readonly times?: number;
  /** By the server's clock, in milliseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly when?: (call: Call) => boolean;
  /**
   * Only a part of them, 0 to 1: drawn from the seed, the path, and how often the path was asked for, so that the same requests meet
   * the same oddities in whatever order they come.
   */
  readonly share?: { readonly of: number; readonly seed: number | string };
}
