import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, DEFAULT_RETRY, decide, type Failure, type History, NO_HISTORY } from '../../../src/api/retry.ts';

const read = { write: false, cursor: false };
const write = { write: true, cursor: false };
const half = () => 0.5;
const status = (code: number, retryAfterMs?: number): Failure => ({ kind: 'status', status: code, retryAfterMs });
const on = (failure: Failure, call = read, history: Partial<History> = {}) =>
  decide(failure, call, { ...NO_HISTORY, ...history }, DEFAULT_RETRY, half);

const TRANSIENT: readonly Failure[] = [
  { kind: 'network' },
  { kind: 'timeout' },
  { kind: 'body', status: 200 },
  ...[408, 425, 500, 502, 504, 599].map((code) => status(code)),
];

describe('decide', () => {
  it.each(TRANSIENT)('retries a read after %o with a growing backoff', (failure) => {
    expect(on(failure)).toMatchObject({ do: 'retry', delayMs: 125, shared: false, history: { failures: 1 } });
    expect(on(failure, read, { failures: 3 })).toMatchObject({ do: 'retry', delayMs: 1000, history: { failures: 4 } });
    const code = failure.kind === 'timeout' ? 'api.timeout' : 'api.unavailable';
    expect(on(failure, read, { failures: 7 })).toEqual({ do: 'fail', action: 'retry', code });
  });

  it.each([...TRANSIENT, status(503), status(503, 1000)])('does not send a write again after %o', (failure) => {
    expect(on(failure, write)).toMatchObject({ do: 'fail', action: 'retry' });
  });

  it.each([429, 503])('obeys Retry-After of a %i and counts it apart', (code) => {
    expect(on(status(code, 800_000), read, { failures: 7, throttles: 19 })).toMatchObject({
      do: 'retry',
      delayMs: 800_000,
      shared: true,
      history: { failures: 7, throttles: 19, waits: 1 },
    });
    expect(on(status(code, 1), read, { waits: 50 })).toMatchObject({ do: 'fail', action: 'retry' });
  });

  it.each([429, 503])(
    'ends the run when a %i asks for more than fifteen minutes, in one wait or in several',
    (code) => {
      expect(on(status(code, 900_000))).toMatchObject({ do: 'retry', history: { waitedMs: 900_000 } });
      expect(on(status(code, 900_001))).toEqual({ do: 'stop', waitMs: 900_001 });
      expect(on(status(code, 1000), read, { waitedMs: 899_001 })).toEqual({ do: 'stop', waitMs: 1000 });
    },
  );

  it.each([429, 503])('backs off after a %i without Retry-After, up to 20 attempts', (code) => {
    expect(on(status(code))).toMatchObject({ do: 'retry', shared: false, history: { throttles: 1, failures: 0 } });
    expect(on(status(code), read, { throttles: 19 })).toMatchObject({
      do: 'fail',
      action: 'retry',
      code: code === 429 ? 'api.throttled' : 'api.unavailable',
    });
  });

  it('sends a write again after a 429, which was not carried out', () => {
    expect(on(status(429, 2000), write)).toMatchObject({ do: 'retry', delayMs: 2000, shared: true });
    expect(on(status(429), write)).toMatchObject({ do: 'retry' });
  });

  it.each([read, write])('refreshes the token once after a 401 (%o)', (call) => {
    expect(on(status(401), call)).toMatchObject({ do: 'refresh', history: { unauthorized: true } });
    expect(on(status(401), call, { unauthorized: true })).toMatchObject({
      do: 'fail',
      action: 'abort',
      exitCode: 3,
      code: 'auth.rejected',
    });
    expect(on(status(500), read, { unauthorized: true })).toMatchObject({ history: { unauthorized: false } });
  });

  it.each([
    [400, 'skip', 'api.bad_request'],
    [403, 'skip', 'api.forbidden'],
    [404, 'skip', 'api.not_found'],
    [410, 'skip', 'api.not_found'],
    [409, 'skip', 'api.conflict'],
    [422, 'skip', 'api.unprocessable'],
    [302, 'skip', 'api.unexpected_status'],
    [405, 'skip', 'api.unexpected_status'],
  ])('does not retry a %i', (code, action, name) => {
    for (const call of [read, write]) expect(on(status(code), call)).toMatchObject({ do: 'fail', action, code: name });
  });

  it('restarts the list when a cursor is refused', () => {
    const answer = { do: 'fail', action: 'restart', code: 'api.bad_cursor' };
    expect(on(status(400), { write: false, cursor: true })).toEqual(answer);
  });

  it('always comes to an end', () => {
    const failures = fc.oneof(
      fc.constantFrom<Failure>(...TRANSIENT),
      fc
        .tuple(fc.constantFrom(401, 429, 503), fc.option(fc.nat(), { nil: undefined }))
        .map(([code, ms]) => status(code, ms)),
    );
    fc.assert(
      fc.property(fc.array(failures, { minLength: 200, maxLength: 200 }), (sequence) => {
        let history = NO_HISTORY;
        const ended = sequence.some((failure) => {
          const decision = decide(failure, read, history, DEFAULT_RETRY, half);
          const over = decision.do === 'fail' || decision.do === 'stop';
          if (!over) history = decision.history;
          return over;
        });
        expect(ended).toBe(true);
      }),
    );
  });
});

describe('backoff', () => {
  it('spreads over the whole range up to the cap', () => {
    expect(backoff(0, DEFAULT_RETRY, () => 0)).toBe(0);
    expect(backoff(0, DEFAULT_RETRY, () => 1)).toBe(250);
    expect(backoff(30, DEFAULT_RETRY, () => 1)).toBe(20_000);
  });
});
