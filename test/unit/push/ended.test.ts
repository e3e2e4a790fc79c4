import { expect, test } from 'vitest';
import { ApiError, LobbieSyncError, StopError } from '../../../src/core/errors.ts';
import { ended } from '../../../src/push/write.ts';

const answered = (status: number | undefined, neverSent = false) =>
  new ApiError('createPatient', { code: 'api.any', action: 'skip', operationId: 'createPatient', status, neverSent });

test.each([
  [400, 'refused'],
  [403, 'refused'],
  [404, 'refused'],
  [409, 'refused'],
  [422, 'refused'],
  [302, 'refused'],
  [401, 'not_done'],
  [429, 'not_done'],
  [408, 'unknown'],
  [425, 'unknown'],
  [500, 'unknown'],
  [503, 'unknown'],
  [200, 'unknown'],
  [201, 'unknown'],
] as const)('%i: %s', (status, kind) => {
  expect(ended(answered(status), '7', null)).toMatchObject({ kind, attempt: '7' });
});

test('after any answer the write is no longer under way', () => {
  expect(ended(answered(500), '7', null)).toMatchObject({ unanswered: false });
  expect(ended(answered(201), '7', null)).toMatchObject({ unanswered: false });
});

test('without an answer the outcome is unknown and the write may be under way, unless no connection was made', () => {
  expect(ended(answered(undefined), '7', null)).toMatchObject({ kind: 'unknown', unanswered: true });
  expect(ended(answered(undefined, true), '7', null)).toMatchObject({ kind: 'not_done' });
  expect(ended(new StopError('stop.signal', 'closed'), '7', null)).toMatchObject({ kind: 'unknown', unanswered: true });
  const odd = new LobbieSyncError('too large', { code: 'contract.body_too_large', action: 'skip' });
  expect(ended(odd, '7', null)).toMatchObject({ kind: 'unknown', unanswered: true });
});
