/** The Lobbie client. A call builds its request, waits for the limiter, sends it, and repeats it until an answer or an error. */
import { type Clock, systemClock } from '../core/clock.ts';
import { ClockJumpedError } from '../core/clock-difference.ts';
import { StopError } from '../core/errors.ts';
import { linkSignals } from './abort.ts';
import { stringifyJson } from './json.ts';
import { createLimiter, type LimiterState } from './limiter.ts';
import type { OperationSpec } from './operation.ts';
import { type OperationId, type OperationParams, type OperationResult, operations } from './operations.generated.ts';
import { callError, readOutcome, waitTooLong } from './outcome.ts';
import { buildUrl, headerParams, headerValue, type NewerPaths, type Params, pathIds } from './request.ts';
import { DEFAULT_RETRY, decide, NO_HISTORY, REFUSED_HERE, type RetryPolicy } from './retry.ts';
import { ClockSkew, timed } from './skew.ts';
import { createTokenSource } from './token.ts';
import { createTransport, type Fetch } from './transport.ts';

/** The part of a logger that the client uses; a pino logger fits. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ApiClientOptions {
  /** Paths follow as /partner/v2/... */
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Sent as `x-api-key` on every call, the token call too. */
  readonly apiKey?: string | undefined;
  /** The `scope` form field of the token call. */
  readonly scope?: string | undefined;
  /** 0 or Infinity for no limit. */
  readonly requestsPerSecond: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Fraction of the requests that deliveries (priority below 4) get while reads wait, more than 0 to 1. Default 1: all. */
  readonly urgentFraction?: number | undefined;
  /** The operationIds that use the newer path, or `observed`, or `all`. Default none. */
  readonly newerPaths?: NewerPaths | undefined;
  /** Milliseconds for one attempt, headers and body. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Largest answer in bytes. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  readonly fetch?: Fetch | undefined;
  readonly clock?: Clock | undefined;
  /** Measures the time of an attempt. Default: the machine's clock. */
  readonly stopwatch?: Clock | undefined;
  /** A number in [0, 1), for the jitter of retries. */
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** 0 to 9, lower first. Default 5. */
  readonly priority?: number | undefined;
  /** The request body, written as JSON; bigint is allowed. */
  readonly body?: unknown;
  /**
   * Called and awaited right before each attempt, retries included; not for token requests. If it throws, nothing is sent and the
   * call ends.
   */
  readonly beforeAttempt?: (() => void | Promise<void>) | undefined;
  /** Called when an attempt failed and another one will follow. */
  readonly onRetry?: (() => void) | undefined;
  /**
   * How far the clock of an answer may differ from this machine's, milliseconds. A read whose answer differs by more is repeated once,
   * because one odd answer proves nothing; it ends with ClockJumpedError when that one differs too. Default: not compared.
   */
  readonly maxSkewMs?: number | undefined;
  /** Milliseconds for one attempt. Default: that of the client. */
  readonly timeoutMs?: number | undefined;
  /** Called with the body of the answer that makes the call fail. The body may hold protected health information. */
  readonly onRefusal?: ((text: string) => void) | undefined;
}

export interface ApiResponse<T> {
  /** Undefined when a write was answered without a body. */
  readonly body: T;
  readonly status: number;
  /** When the attempt that succeeded was sent. */
  readonly sentAt: Date;
  readonly attempts: number;
}

export interface ApiClientState extends LimiterState {
  /** Attempts sent, retries included; token requests are not counted. */
  readonly requests: number;
  readonly retries: number;
  /** Milliseconds that Lobbie's clock is ahead of this machine's, negative when behind; undefined before any answer. */
  readonly clockSkewMs: number | undefined;
  /** Whether that was measured just now, and this machine's clock was not set since. */
  readonly clockSkewIsFresh: boolean;
}

export interface ApiClient {
  /**
   * @throws ApiError with `code` and `action` as in retry.ts and token.ts
   * @throws ContractError `contract.body_too_large`
   * @throws StopError when the client is closed, or when Lobbie asks for a longer wait than `retry.maxWaitMs`
   * @throws the signal's reason when aborted, and whatever `beforeAttempt` throws
   */
  call<Op extends OperationId>(
    op: Op,
    params: OperationParams<Op>,
    options?: CallOptions,
  ): Promise<ApiResponse<OperationResult<Op>>>;
  /** The same for generic code. @throws TypeError when there is no such operation */
  callRaw(op: string, params: Params, options?: CallOptions): Promise<ApiResponse<unknown>>;
  readonly state: ApiClientState;
  /**
   * Measures Lobbie's clock now, by the answer to a new token.
   *
   * @returns milliseconds that it is ahead of this machine's; undefined when the answer does not say
   * @throws as `call` does
   */
  measureClock(signal?: AbortSignal): Promise<number | undefined>;
  /**
   * Uses only this fraction of the configured rate, more than 0 to 1: other processes with the same key use the rest.
   *
   * @param urgentFraction of these requests for deliveries while reads wait. Default: as before
   */
  useFraction(fraction: number, urgentFraction?: number): void;
  /** Ends all calls, those that wait and those in progress. */
  close(): Promise<void>;
}

/** Shorter waits are normal under a rate limit and are not logged. */
const REPORTED_WAIT_MS = 5000;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const retry: RetryPolicy = { ...DEFAULT_RETRY, ...options.retry };
  const newerPaths = options.newerPaths ?? [];
  const apiKey = options.apiKey === undefined ? {} : { 'x-api-key': headerValue('x-api-key', options.apiKey) };
  const closing = new AbortController();
  const skew = new ClockSkew();
  const transport = timed(createTransport(options), clock, skew);
  const tokens = createTokenSource({ ...options, transport, clock, random, retry, closed: closing.signal });
  const limiter = createLimiter({ ...options, maxConcurrent: options.concurrency, clock });
  let requests = 0;
  let retries = 0;
  /** The token that any operation accepted last, and the operations that refused a token which others accepted. */
  let accepted: string | undefined;
  const refused = new Set<string>();

  async function callRaw(op: string, params: Params, call: CallOptions = {}): Promise<ApiResponse<unknown>> {
    const spec = specOf(op);
    const url = buildUrl(options.baseUrl, op, spec, params, newerPaths);
    const body = stringifyJson(call.body);
    const headers = {
      accept: 'application/json',
      ...apiKey,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headerParams(spec, params),
    };
    const ids = pathIds(spec, params);
    const nature = { write: spec.write, cursor: params['cursor'] !== undefined };
    const link = linkSignals(call.signal, closing.signal);
    let history = NO_HISTORY;
    let attempts = 0;
    let expired = 0;
    let odd = 0;
    try {
      for (;;) {
        await tokens.get(link.signal);
        // A call that has waited before goes ahead of others with its priority, so that it can't be overtaken for ever.
        const ahead = attempts + expired > 0 ? 1 : 0;
        const attempt = await limiter.run(
          async () => {
            // The token expired in the queue. The call goes back for a new one: waiting here would undo the spacing of starts. Only
            // when tokens keep expiring in the queue does it wait here.
            const token = tokens.peek() ?? (expired < 2 ? undefined : await tokens.get(link.signal));
            if (token === undefined) return undefined;
            if (call.beforeAttempt !== undefined) await call.beforeAttempt();
            attempts += 1;
            requests += 1;
            if (attempts > 1) retries += 1;
            const sentAt = clock.now();
            const request = {
              method: spec.method,
              url,
              headers: { ...headers, authorization: `Bearer ${token}` },
              body,
            };
            return { token, sentAt, result: await transport.send(request, link.signal, call.timeoutMs) };
          },
          { priority: Math.max((call.priority ?? 5) - ahead, 0), signal: link.signal },
        );
        if (attempt === undefined) {
          expired += 1;
          continue;
        }
        const { result, sentAt } = attempt;
        const skewMs = result.kind === 'answer' ? (result.skewMs ?? 0) : 0;
        // A write that was answered is done, whatever the clocks say.
        if (!spec.write && Math.abs(skewMs) > (call.maxSkewMs ?? Number.POSITIVE_INFINITY)) {
          if (odd > 0) throw new ClockJumpedError(skewMs, 'Lobbie');
          odd += 1;
          call.onRetry?.();
          continue;
        }
        const outcome = readOutcome(result, spec.write, clock.now());
        if (outcome.ok) {
          accepted = attempt.token;
          refused.delete(op);
          return { body: outcome.body, status: outcome.status, sentAt, attempts };
        }
        const { failure, requestId } = outcome;
        const judged = decide(failure, nature, history, retry, random);
        const fields = { operationId: op, ids, attempts, requestId };
        if (judged.do === 'stop') throw waitTooLong(fields, judged.waitMs, clock.now(), retry.maxWaitMs);
        if (failure.kind === 'status' && (failure.status === 429 || failure.status === 503)) {
          limiter.throttled(sentAt, failure.retryAfterMs);
          const waitMs = failure.retryAfterMs ?? 0;
          if (waitMs >= REPORTED_WAIT_MS) options.logger?.warn({ ...fields, waitMs }, 'Lobbie asks to wait');
        }
        const unauthorized = failure.kind === 'status' && failure.status === 401;
        const refusedHere =
          unauthorized &&
          (judged.do === 'fail'
            ? accepted === attempt.token ||
              (!spec.write && (await worksElsewhere(op, attempt.token, call, link.signal)))
            : // This operation is known to refuse good tokens. A new one for each parent would overload the token endpoint.
              accepted === attempt.token && refused.has(op));
        if (refusedHere) refused.add(op);
        const decision = refusedHere ? REFUSED_HERE : judged;
        if (decision.do === 'fail') {
          if (result.kind === 'answer') call.onRefusal?.(result.text);
          throw callError(fields, failure, decision);
        }
        options.logger?.debug(
          { ...fields, ...failure },
          decision.do === 'refresh' ? 'token refused, getting a new one' : 'retrying',
        );
        history = decision.history;
        call.onRetry?.();
        if (decision.do === 'refresh') tokens.invalidate(attempt.token);
        // For a shared wait the limiter is paused, which delays this call as well.
        else if (!decision.shared) await clock.sleep(decision.delayMs, link.signal);
      }
    } finally {
      link.release();
    }
  }

  /** Calls another operation with the same token. An answer other than 401 means that the token itself is good. */
  async function worksElsewhere(op: string, token: string, call: CallOptions, signal: AbortSignal): Promise<boolean> {
    const other = op === 'listRoleGroups' ? 'listEventTypes1' : 'listRoleGroups';
    const url = buildUrl(options.baseUrl, other, specOf(other), {}, newerPaths);
    const headers = { accept: 'application/json', ...apiKey, authorization: `Bearer ${token}` };
    const probe = async () => {
      await call.beforeAttempt?.();
      requests += 1;
      return await transport.send({ method: 'GET', url, headers }, signal, call.timeoutMs);
    };
    const result = await limiter.run(probe, { priority: 0, signal });
    if (result.kind !== 'answer' || result.status === 401 || result.status >= 500) return false;
    accepted = token;
    return true;
  }

  return {
    async measureClock(signal) {
      await tokens.get(signal, true);
      return skew.latestMs;
    },
    call: (op, params, call) => callRaw(op, params as Params, call) as Promise<ApiResponse<never>>,
    callRaw,
    get state() {
      return {
        ...limiter.state,
        requests,
        retries,
        clockSkewMs: skew.ms,
        clockSkewIsFresh: skew.isFresh(clock.now().getTime()),
      };
    },
    useFraction: (fraction, urgent) => limiter.useFraction(fraction, urgent),
    async close() {
      const reason = new StopError('stop.signal', 'the connection to Lobbie was closed');
      closing.abort(reason);
      limiter.close(reason);
    },
  };
}

function specOf(op: string): OperationSpec {
  if (!Object.hasOwn(operations, op)) throw new TypeError(`there is no operation ${op}`);
  return operations[op as OperationId];
}
