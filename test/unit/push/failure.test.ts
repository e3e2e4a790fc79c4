import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/core/errors.ts';
import { decideFailure, type FailedWrite } from '../../../src/push/failure.ts';

const NOW = new Date('2026-05-02T08:00:00Z');
const after = (ms: number) => new Date(NOW.getTime() + ms);
const failed = (code: string, status?: number) =>
  new ApiError('createPatient failed', {
    code,
    action: 'skip',
    operationId: 'createPatient',
    status,
    requestId: 'r-1',
  });
const row = (more: Partial<Parameters<typeof decideFailure>[0]> = {}) => ({
  ...{ operation: 'update' as const, status: 'pending' as const, attempts: 0, tries: 0 },
  ...more,
});
const unknown = (unanswered: boolean): FailedWrite => ({
  ...{ kind: 'unknown', error: failed('api.unavailable', 502), unanswered, attempt: '7' },
});
const notDone: FailedWrite = { kind: 'not_done', error: failed('api.throttled', 429), attempt: '7' };
const refused = (code: string): FailedWrite => ({
  ...{ kind: 'refused', error: failed(code, 400), answer: 'their words', attempt: '7' },
});

describe('a write of unknown outcome', () => {
  test('an answered create still gets its time to settle: the record may show later than the answer', () => {
    expect(decideFailure(row({ operation: 'create' }), unknown(false), NOW).verdict.doubtSince).toEqual(NOW);
    expect(decideFailure(row({ operation: 'create' }), unknown(true), NOW).verdict.doubtSince).toEqual(NOW);
  });

  test('an answered change of what exists is no longer under way; an unanswered one may be', () => {
    for (const operation of ['update', 'delete'] as const) {
      expect(decideFailure(row({ operation }), unknown(false), NOW).verdict.doubtSince).toBeNull();
      expect(decideFailure(row({ operation }), unknown(true), NOW).verdict.doubtSince).toEqual(NOW);
    }
  });

  test('is read back at once the first time, and after a pause from then on', () => {
    expect(decideFailure(row(), unknown(true), NOW).verdict.notBefore).toBeNull();
    expect(decideFailure(row({ tries: 1, attempts: 1 }), unknown(true), NOW).verdict.notBefore).toEqual(after(2000));
  });

  test('leaves the row in doubt, and says what comes next', () => {
    const { verdict, end, outcome } = decideFailure(row(), unknown(true), NOW);
    expect(outcome).toBe('in_doubt');
    expect(verdict.status).toBe('in_doubt');
    expect(verdict.error).toBe('createPatient failed; reading back will show whether it was carried out');
    expect(end).toEqual({ outcome: 'unknown', code: 'api.unavailable', httpStatus: 502, requestId: 'r-1' });
  });
});

describe('a write that was not carried out', () => {
  test('stays queued, as no try', () => {
    const { verdict, outcome } = decideFailure(row({ tries: 3 }), notDone, NOW);
    expect(outcome).toBe('postponed');
    expect(verdict).toEqual({ status: 'pending', error: 'createPatient failed', notBefore: after(1000), tries: 3 });
  });

  test('of a row in doubt leaves the doubt', () => {
    expect(decideFailure(row({ status: 'in_doubt' }), notDone, NOW).verdict.status).toBe('in_doubt');
  });

  test('is postponed twice as long each time, up to about two minutes', () => {
    const pauses = [0, 1, 6, 7, 8, 50].map(
      (attempts) => decideFailure(row({ attempts }), notDone, NOW).verdict.notBefore,
    );
    expect(pauses).toEqual([1000, 2000, 64_000, 128_000, 128_000, 128_000].map(after));
  });
});

describe('a refused write', () => {
  test.each([
    ['api.bad_request', 'rejected', 'refused', 'a field fails a check of Lobbie'],
    ['api.not_found', 'rejected', 'refused', 'Lobbie has no such record'],
    ['api.conflict', 'rejected', 'refused', 'duplicate'],
    ['api.unprocessable', 'rejected', 'refused', 'can not carry it out'],
    ['api.forbidden', 'failed', 'failed', 'the grant for it is missing'],
    ['api.unexpected_status', 'failed', 'failed', 'createPatient failed'],
  ])('with %s is %s', (code, status, outcome, reason) => {
    const decision = decideFailure(row(), refused(code), NOW);
    expect(decision.verdict).toMatchObject({ status, answer: 'their words' });
    expect(decision.verdict.error).toMatch(/^createPatient failed/);
    expect(decision.verdict.error).toContain(reason);
    expect(decision.outcome).toBe(outcome);
    expect(decision.end).toMatchObject({ outcome: 'refused', code });
  });
});
