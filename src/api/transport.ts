/** One HTTP exchange: sends the request, reads the whole answer, and classifies how it ended. Retries and tokens are elsewhere. */
import { type Clock, systemClock } from '../core/clock.ts';
import { ContractError } from '../core/errors.ts';
import { linkSignals } from './abort.ts';
import { decodeBody } from './decode.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** The whole body, decoded strictly. */
  readonly text: string;
  readonly retryAfter: string | null;
  /** The headers `date` and `age`, which show the other side's clock. */
  readonly date: string | null;
  readonly age: string | null;
  /** Milliseconds that the other side's clock is ahead of this machine's by this answer; undefined: it does not say. */
  readonly skewMs?: number | undefined;
  /** From `x-request-id`. */
  readonly requestId: string | undefined;
}

/** No complete answer. `detail` is an error code such as ECONNRESET, never a message. */
export interface HttpFailure {
  readonly kind: 'network' | 'timeout' | 'cut';
  /** Known when the body was cut after the headers had come. */
  readonly status?: number;
  readonly detail?: string | undefined;
}

export interface TransportOptions {
  /** Default: the global fetch, which keeps connections alive. */
  readonly fetch?: Fetch | undefined;
  /** Milliseconds for headers and body together. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Largest body in bytes. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Measures the time of an attempt. Default: the machine's clock. */
  readonly stopwatch?: Clock | undefined;
}

export interface Transport {
  /**
   * @param timeoutMs milliseconds for headers and body together. Default: that of the options
   * @throws the signal's reason when aborted
   * @throws ContractError `contract.body_too_large` when a body of status 2xx is over the limit
   */
  send(request: HttpRequest, signal?: AbortSignal, timeoutMs?: number): Promise<HttpAnswer | HttpFailure>;
}

const TIMEOUT = Symbol('timeout');
const ignore = () => undefined;

export function createTransport(options: TransportOptions = {}): Transport {
  const send: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  const stopwatch = options.stopwatch ?? systemClock;
  const standardMs = options.timeoutMs ?? 60_000;
  const maxBodyBytes = options.maxBodyBytes ?? 64 * 1024 * 1024;

  return {
    async send(request, signal, timeoutMs = standardMs) {
      signal?.throwIfAborted();
      const link = linkSignals(signal);
      const ended = new AbortController();
      stopwatch.sleep(timeoutMs, ended.signal).then(() => link.abort(TIMEOUT), ignore);
      let status: number | undefined;
      try {
        const response = await send(request.url, {
          method: request.method,
          headers: request.headers,
          // Redirects are not followed: one could turn a POST into a GET, or a wrong base URL into a login page.
          redirect: 'manual',
          signal: link.signal,
          ...(request.body === undefined ? {} : { body: request.body }),
        });
        status = response.status;
        const { headers } = response;
        const text = response.ok
          ? await readText(response, maxBodyBytes)
          : await readErrorText(response, maxBodyBytes, link.signal);
        if (text === undefined) return { kind: 'cut', status, detail: 'ENCODING' };
        return {
          kind: 'answer',
          status,
          text,
          retryAfter: headers.get('retry-after'),
          date: headers.get('date'),
          age: headers.get('age'),
          requestId: headers.get('x-request-id') ?? undefined,
        };
      } catch (error) {
        if (error instanceof ContractError) throw error;
        signal?.throwIfAborted();
        if (link.signal.reason === TIMEOUT) return { kind: 'timeout' };
        const detail = errorCode(error);
        return status === undefined ? { kind: 'network', detail } : { kind: 'cut', status, detail };
      } finally {
        ended.abort();
        link.release();
      }
    },
  };
}

/** The text of a body; undefined when its bytes are not valid in any encoding that it may have. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  const contentType = response.headers.get('content-type');
  const declared = Number(response.headers.get('content-length') ?? Number.NaN);
  const plain = response.headers.get('content-encoding') === null;
  if (plain && declared > maxBytes) throw await tooLarge(response, maxBytes);
  // The declared length can be trusted: the client cuts a longer body and fails on a shorter one.
  if (plain && declared <= maxBytes) return decodeBody(new Uint8Array(await response.arrayBuffer()), contentType);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw await tooLarge(undefined, maxBytes);
    chunks.push(chunk);
  }
  return decodeBody(Buffer.concat(chunks, size), contentType);
}

/** The text of an error answer; empty when it can't be read, because the status alone decides. */
async function readErrorText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  try {
    return (await readText(response, maxBytes)) ?? '';
  } catch (error) {
    if (signal.aborted) throw error;
    return '';
  }
}

async function tooLarge(response: Response | undefined, maxBytes: number): Promise<ContractError> {
  await response?.body?.cancel().catch(() => undefined);
  return new ContractError(`the body of an answer is over the limit of ${maxBytes} bytes`, {
    code: 'contract.body_too_large',
    hint: 'Ask for smaller pages, or check what answers at LOBBIE_API_URL.',
  });
}

/** The system's or client's code of a failed exchange. Messages are not used: they may quote a URL or a header. */
function errorCode(error: unknown): string | undefined {
  for (let level = error, depth = 0; level instanceof Error && depth < 4; level = level.cause, depth += 1) {
    const code: unknown = 'code' in level ? level.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  }
  return undefined;
}
