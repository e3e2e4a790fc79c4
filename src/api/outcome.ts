/** Classifies the result of an HTTP exchange, and builds the error of a call that failed. Pure. */
import { ApiError, StopError } from '../core/errors.ts';
import { parseJson } from './json.ts';
import { repeatsName } from './repeated-names.ts';
import type { Decision, Failure } from './retry.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpAnswer, HttpFailure } from './transport.ts';

export type Outcome =
  | { readonly ok: true; readonly body: unknown; readonly status: number }
  | { readonly ok: false; readonly failure: Failure; readonly requestId: string | undefined };

/** Distinguishes a usable answer from a failure. Only the answer to a write may have no body. */
export function readOutcome(result: HttpAnswer | HttpFailure, write: boolean, now: Date): Outcome {
  if (result.kind !== 'answer') return { ok: false, failure: unanswered(result), requestId: undefined };
  const { status, text } = result;
  const requestId = idText(result.requestId);
  if (status < 200 || status > 299) {
    const retryAfterMs = parseRetryAfter(result.retryAfter, now);
    return { ok: false, failure: { kind: 'status', status, retryAfterMs }, requestId: requestIdOf(text) ?? requestId };
  }
  if (write && text.trim() === '') return { ok: true, body: undefined, status };
  const broken: Outcome = { ok: false, failure: { kind: 'body', status }, requestId };
  // What a read gets is whole only with 200: 202 is not ready yet, 206 is a part.
  if (!write && status !== 200) return broken;
  try {
    const body = parseJson(text, { cut: true });
    return !write && repeatsName(text, body) ? broken : { ok: true, body, status };
  } catch {
    // The parser's message quotes the text.
    return broken;
  }
}

function unanswered({ kind, status, detail }: HttpFailure): Failure {
  return kind === 'cut' ? { kind: 'body', status: status ?? 0, detail } : { kind, detail };
}

/** The `requestId` of an error body. */
function requestIdOf(text: string): string | undefined {
  if (!text.includes('"requestId"')) return undefined;
  try {
    return idText((parseJson(text) as { readonly requestId?: unknown } | null)?.requestId);
  } catch {
    return undefined;
  }
}

/** The value if it looks like an id; anything else may be a person's data. */
function idText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:=-]{1,128}$/.test(value) ? value : undefined;
}

/** What an error may contain about a call. */
export interface CallFacts {
  readonly operationId: string;
  /** Path ids by name. */
  readonly ids: Readonly<Record<string, string>>;
  readonly attempts: number;
  readonly requestId: string | undefined;
}

export function callError(
  facts: CallFacts,
  failure: Failure,
  decision: Extract<Decision, { readonly do: 'fail' }>,
): ApiError {
  const ids = Object.entries(facts.ids).map(([name, value]) => `${name} ${value}`);
  const subject = ids.length === 0 ? '' : ` (${ids.join(', ')})`;
  const tries = facts.attempts > 1 ? ` after ${facts.attempts} attempts` : '';
  const { do: _failed, ...reported } = decision;
  return new ApiError(`${facts.operationId}${subject} ${described(failure)}${tries}`, {
    ...facts,
    ...reported,
    status: 'status' in failure ? failure.status : undefined,
    neverSent: failure.kind === 'network' && NO_CONNECTION.has(failure.detail ?? ''),
  });
}

/** Error codes which prove that no byte of the request was sent. Errors of an open connection don't prove it. */
const NO_CONNECTION: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function described(failure: Failure): string {
  if (failure.kind === 'status') return `answered ${failure.status}`;
  if (failure.kind === 'timeout') return 'was not answered in time';
  const detail = failure.detail === undefined ? '' : ` (${failure.detail})`;
  if (failure.kind !== 'body') return `got no answer${detail}`;
  return `answered ${failure.status} with a body that is cut short, ambiguous or not JSON${detail}`;
}

/** The error that ends a run because Lobbie asks for too long a wait. The next run continues where this one stopped. */
export function waitTooLong(
  { operationId }: { readonly operationId: string },
  waitMs: number,
  now: Date,
  maxWaitMs: number,
): StopError {
  const until = new Date(now.getTime() + waitMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
  return new StopError(
    'stop.wait',
    `${operationId}: Lobbie asks to wait until ${until}, longer than the ${Math.round(maxWaitMs / 1000)} s of LOBBIE_MAX_WAIT`,
    'Run the same command after that time: it continues where this run stopped.',
  );
}
