/** Decides what to do after an attempt, by a table of statuses and never by the text of messages. */
import { type ErrorAction, EXIT, type ExitCode } from '../core/errors.ts';

/** How an attempt ended without a usable answer. */
export type Failure =
  /** No answer: refused, reset, not resolved, or not in time. `detail` is an error code such as ECONNRESET. */
  | { readonly kind: 'network'; readonly detail?: string | undefined }
  | { readonly kind: 'timeout'; readonly detail?: string | undefined }
  /** An answer of status 2xx whose body is cut short or is not JSON (a proxy's HTML page). */
  | { readonly kind: 'body'; readonly status: number; readonly detail?: string | undefined }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterMs?: number | undefined };

/** What happened to a call before the present failure. */
export interface History {
  /** Attempts that failed and count against `maxAttempts`. */
  readonly failures: number;
  /** 429 and 503 answers without Retry-After. */
  readonly throttles: number;
  /** 429 and 503 answers with Retry-After. */
  readonly waits: number;
  /** The sum of those waits, milliseconds. */
  readonly waitedMs: number;
  /** Whether the attempt before this one was answered 401 too. */
  readonly unauthorized: boolean;
}

export const NO_HISTORY: History = { failures: 0, throttles: 0, waits: 0, waitedMs: 0, unauthorized: false };

/** The properties of a call that the decision depends on. */
export interface CallNature {
  /** POST, PUT, DELETE: the server may have carried it out although no answer came. */
  readonly write: boolean;
  /** Whether the request carried a page cursor. */
  readonly cursor: boolean;
}

export interface RetryPolicy {
  /** Attempts in all for failures that are not throttling. Default 8. */
  readonly maxAttempts: number;
  /** Attempts in all for 429 and 503 without Retry-After. Default 20. */
  readonly maxThrottles: number;
  /** How many Retry-After waits one call obeys. Default 50. */
  readonly maxWaits: number;
  /** The longest time that one call waits for Retry-After in all, milliseconds. A longer wait ends the run. Default 900,000. */
  readonly maxWaitMs: number;
  /** First backoff in milliseconds; doubles each time. Default 250. */
  readonly baseMs: number;
  /** Longest backoff in milliseconds. Default 20,000. */
  readonly capMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 8,
  maxThrottles: 20,
  maxWaits: 50,
  maxWaitMs: 900_000,
  baseMs: 250,
  capMs: 20_000,
};

export type Decision =
  /** Send again after `delayMs`. A `shared` wait delays every caller of the API key. */
  | { readonly do: 'retry'; readonly delayMs: number; readonly shared: boolean; readonly history: History }
  /** The requested wait is longer than `maxWaitMs`: the run ends instead of waiting. */
  | { readonly do: 'stop'; readonly waitMs: number }
  /** Get a new token, then send again. */
  | { readonly do: 'refresh'; readonly history: History }
  | {
      readonly do: 'fail';
      readonly code: string;
      readonly action: ErrorAction;
      readonly exitCode?: ExitCode;
      readonly hint?: string;
    };

/** Statuses for which a repetition is useless. 401, 429 and 503 have rules of their own below. */
const FINAL: Readonly<Record<number, { readonly code: string; readonly hint?: string }>> = {
  400: { code: 'api.bad_request' },
  403: {
    code: 'api.forbidden',
    hint: 'The client needs an active grant for this account and location (LOBBIE_ACCOUNT_IDS).',
  },
  404: { code: 'api.not_found' },
  // Says more than 404: there was such a record, and it will not come back.
  410: { code: 'api.not_found' },
  409: { code: 'api.conflict' },
  422: { code: 'api.unprocessable' },
};

/** Statuses below 500 that may be temporary. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Decides what follows a failed attempt. Pure except for `random`.
 *
 * @param random a number in [0, 1): full jitter, so that callers that failed together don't come back together
 */
export function decide(
  failure: Failure,
  call: CallNature,
  history: History,
  policy: RetryPolicy,
  random: () => number,
): Decision {
  if (failure.kind === 'status' && failure.status === 401) return afterUnauthorized(history);
  const calm: History = { ...history, unauthorized: false };
  if (failure.kind === 'status') {
    const { status } = failure;
    // A request answered 429 was certainly not carried out, so even a write may be repeated. One answered 503 may have been.
    if (status === 429 || (status === 503 && !call.write)) return afterThrottle(failure, calm, policy, random);
    if (status < 500 && !TRANSIENT.has(status)) return finalDecision(status, call);
  }
  const failures = calm.failures + 1;
  if (call.write || failures >= policy.maxAttempts) {
    return { do: 'fail', action: 'retry', code: failure.kind === 'timeout' ? 'api.timeout' : 'api.unavailable' };
  }
  const delayMs = backoff(calm.failures, policy, random);
  return { do: 'retry', delayMs, shared: false, history: { ...calm, failures } };
}

function afterUnauthorized(history: History): Decision {
  if (!history.unauthorized) return { do: 'refresh', history: { ...history, unauthorized: true } };
  return {
    do: 'fail',
    action: 'abort',
    code: 'auth.rejected',
    exitCode: EXIT.signIn,
    hint: 'A fresh token was refused too: check LOBBIE_API_URL, LOBBIE_TOKEN_URL, LOBBIE_API_KEY and LOBBIE_SCOPE.',
  };
}

/** The operation refused a fresh token that other operations accept: the client lacks the right for this operation. */
export const REFUSED_HERE: Extract<Decision, { do: 'fail' }> = {
  do: 'fail',
  action: 'skip',
  code: 'api.unauthorized',
  hint: 'The token works for other lists: ask Lobbie for the scope of this one, or leave the list out (lobbie-sync resources off).',
};

function afterThrottle(
  failure: { readonly status: number; readonly retryAfterMs?: number | undefined },
  history: History,
  policy: RetryPolicy,
  random: () => number,
): Decision {
  const spent: Decision =
    failure.status === 429
      ? { do: 'fail', action: 'retry', code: 'api.throttled', hint: 'Lower LOBBIE_REQUESTS_PER_SECOND.' }
      : { do: 'fail', action: 'retry', code: 'api.unavailable' };
  if (failure.retryAfterMs !== undefined) {
    const waits = history.waits + 1;
    const waitedMs = history.waitedMs + failure.retryAfterMs;
    if (waitedMs > policy.maxWaitMs) return { do: 'stop', waitMs: failure.retryAfterMs };
    if (waits > policy.maxWaits) return spent;
    return { do: 'retry', delayMs: failure.retryAfterMs, shared: true, history: { ...history, waits, waitedMs } };
  }
  const throttles = history.throttles + 1;
  if (throttles >= policy.maxThrottles) return spent;
  const delayMs = backoff(history.throttles, policy, random);
  return { do: 'retry', delayMs, shared: false, history: { ...history, throttles } };
}

function finalDecision(status: number, call: CallNature): Decision {
  // The lifetime of a cursor is unknown (FACTS.md): 400 to a request with a cursor most likely means that it has expired.
  if (status === 400 && call.cursor) return { do: 'fail', action: 'restart', code: 'api.bad_cursor' };
  const known = FINAL[status];
  if (known !== undefined) return { do: 'fail', action: 'skip', ...known };
  return { do: 'fail', action: 'skip', code: 'api.unexpected_status', hint: 'Check LOBBIE_API_URL.' };
}

/** Exponential backoff with full jitter, in milliseconds. Pure except for `random`. */
export function backoff(
  failuresBefore: number,
  policy: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
  random: () => number,
): number {
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** failuresBefore);
}
