/** The bearer token: OAuth 2 client credentials sent as form fields (contract, x-token-request), cached and renewed. */
import type { Clock } from '../core/clock.ts';
import { ApiError, EXIT } from '../core/errors.ts';
import { abortable } from './abort.ts';
import { parseJson } from './json.ts';
import { headerValue } from './request.ts';
import { decide, type Failure, NO_HISTORY, type RetryPolicy } from './retry.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpRequest, Transport } from './transport.ts';

export interface TokenOptions {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiKey?: string | undefined;
  readonly scope?: string | undefined;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryPolicy;
  /** Ends a renewal that is under way. */
  readonly closed: AbortSignal;
}

export interface TokenSource {
  /**
   * A token that is not about to expire; fetches one if necessary, or in any case when it is to be `anew`. Callers at the same time share one request, which continues when
   * one of them is aborted.
   *
   * @throws ApiError `auth.rejected` (the credentials are refused), `auth.unavailable` (no usable answer)
   */
  get(signal?: AbortSignal, anew?: boolean): Promise<string>;
  /** The token that is valid now, without waiting. A token that is about to expire is renewed in the background. */
  peek(): string | undefined;
  /** Drops this token after a 401; a newer one stays. */
  invalidate(token: string): void;
}

export interface Token {
  readonly value: string;
  /** Instants in epoch milliseconds. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Assumed when `expires_in` is missing or not a number of seconds. If the token expires earlier, a 401 shows it. */
const DEFAULT_LIFETIME_S = 3600;

const LONGEST_MARGIN_MS = 60_000;

/**
 * Reads the answer of a token endpoint; undefined when it holds no usable token. The lifetime counts from `sentAt`, the
 * margin for renewal is a tenth of it and at most a minute. Pure.
 */
export function parseToken(text: string, sentAt: number): Token | undefined {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const { access_token: value, expires_in: expiresIn } = body as Record<string, unknown>;
  // A value that can't stand in a header would come back quoted in an error of fetch.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) return undefined;
  const lifetime = typeof expiresIn === 'string' ? Number(expiresIn) : expiresIn;
  const valid = typeof lifetime === 'number' && lifetime > 0 && Number.isFinite(lifetime);
  const seconds = valid ? lifetime : DEFAULT_LIFETIME_S;
  const expiresAt = sentAt + seconds * 1000;
  return { value, expiresAt, renewAt: expiresAt - Math.min(LONGEST_MARGIN_MS, seconds * 100) };
}

export function createTokenSource(options: TokenOptions): TokenSource {
  const { clock, closed } = options;
  const request = tokenRequest(options);
  let current: Token | undefined;
  let renewal: Promise<Token> | undefined;

  const now = () => clock.now().getTime();

  function renew(): Promise<Token> {
    renewal ??= fetchToken(request, options)
      .then((token) => {
        current = token;
        return token;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  return {
    async get(signal, anew = false) {
      signal?.throwIfAborted();
      closed.throwIfAborted();
      if (!anew && current !== undefined && now() < current.renewAt) return current.value;
      return (await abortable(renew(), signal)).value;
    },
    peek() {
      if (current === undefined || now() >= current.expiresAt) return undefined;
      // A failure is ignored here: the next call that needs a token meets it again.
      if (now() >= current.renewAt) renew().catch(() => undefined);
      return current.value;
    },
    invalidate(token) {
      if (current?.value === token) current = undefined;
    },
  };
}

function tokenRequest(options: TokenOptions): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: options.clientId,
    client_secret: options.clientSecret,
  });
  if (options.scope !== undefined) form.set('scope', options.scope);
  return {
    method: 'POST',
    url: options.tokenUrl,
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(options.apiKey === undefined ? {} : { 'x-api-key': headerValue('x-api-key', options.apiKey) }),
    },
    body: form.toString(),
  };
}

/** Requesting a token twice does no harm, so the request is retried like a read. */
const AS_READ = { write: false, cursor: false };

async function fetchToken(request: HttpRequest, options: TokenOptions): Promise<Token> {
  const { transport, clock, random, retry, closed } = options;
  let history = NO_HISTORY;
  for (let attempts = 1; ; attempts += 1) {
    const sentAt = clock.now().getTime();
    const answer = await transport.send(request, closed);
    let failure: Failure;
    if (answer.kind === 'answer') {
      const { status } = answer;
      const succeeded = status >= 200 && status < 300;
      const token = succeeded ? parseToken(answer.text, sentAt) : undefined;
      if (token !== undefined) return token;
      if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) throw refused(status, attempts);
      const retryAfterMs = parseRetryAfter(answer.retryAfter, clock.now());
      failure = succeeded ? { kind: 'body', status } : { kind: 'status', status, retryAfterMs };
    } else {
      failure = { kind: answer.kind === 'timeout' ? 'timeout' : 'network', detail: answer.detail };
    }
    const decision = decide(failure, AS_READ, history, retry, random);
    if (decision.do !== 'retry') throw unavailable(failure, attempts);
    history = decision.history;
    await clock.sleep(decision.delayMs, closed);
  }
}

function refused(status: number, attempts: number): ApiError {
  const credentials = status === 400 || status === 401 || status === 403;
  return new ApiError(`the token endpoint answered ${status}`, {
    operationId: 'token',
    code: credentials ? 'auth.rejected' : 'auth.unavailable',
    action: 'abort',
    exitCode: EXIT.signIn,
    status,
    attempts,
    hint: credentials
      ? 'Check LOBBIE_CLIENT_ID, LOBBIE_CLIENT_SECRET and LOBBIE_TOKEN_URL (and LOBBIE_SCOPE, LOBBIE_API_KEY if you were given them).'
      : 'Check LOBBIE_TOKEN_URL.',
  });
}

function unavailable(failure: Failure, attempts: number): ApiError {
  const status = 'status' in failure ? failure.status : undefined;
  const what = status === undefined ? 'does not answer' : `gives no usable answer (${status})`;
  return new ApiError(`the token endpoint ${what}`, {
    operationId: 'token',
    code: 'auth.unavailable',
    action: 'abort',
    exitCode: EXIT.signIn,
    status,
    attempts,
    hint: 'Check LOBBIE_TOKEN_URL and the network, or try again later.',
  });
}
