import { describe, expect, test } from 'vitest';
import {
  ApiError,
  ConfigError,
  ContractError,
  describeError,
  type ErrorAction,
  LobbieSyncError,
  StopError,
} from '../../../src/core/errors.ts';

describe('exit codes follow from what to do', () => {
  test.each<[ErrorAction, number]>([
    ['retry', 4],
    ['restart', 4],
    ['skip', 4],
    ['account', 3],
    ['stop', 5],
    ['abort', 1],
  ])('%s → %i', (action, exitCode) => {
    expect(new LobbieSyncError('x', { code: 'x', action }).exitCode).toBe(exitCode);
  });

  test('unless the error says otherwise', () => {
    expect(new LobbieSyncError('x', { code: 'x', action: 'abort', exitCode: 3 }).exitCode).toBe(3);
    expect(new ConfigError(['A is required']).exitCode).toBe(2);
    expect(new StopError('stop.budget', 'x').exitCode).toBe(5);
  });
});

test('a settings error names every problem', () => {
  const error = new ConfigError(['A is required', 'B must be a number']);
  expect(error.problems).toEqual(['A is required', 'B must be a number']);
  expect(error.message).toBe('settings: A is required; B must be a number');
});

test('a broken contract skips its list unless the error says otherwise', () => {
  expect(new ContractError('x', { code: 'contract.x' }).action).toBe('skip');
  expect(new ContractError('x', { code: 'contract.x', action: 'abort' }).action).toBe('abort');
});

test('the cause is kept, and absent when there is none', () => {
  const cause = new Error('why');
  expect(new LobbieSyncError('x', { code: 'x', action: 'skip', cause }).cause).toBe(cause);
  expect('cause' in new LobbieSyncError('x', { code: 'x', action: 'skip' })).toBe(false);
});

test('an API error without details has empty ones', () => {
  const error = new ApiError('x', { code: 'api.x', action: 'skip', operationId: 'getPatient' });
  expect(error).toMatchObject({ ids: {}, attempts: 0, status: undefined, requestId: undefined, name: 'ApiError' });
});

test('people read the message and, below it, how to fix the problem', () => {
  expect(describeError(new LobbieSyncError('no', { code: 'x', action: 'skip', hint: 'Do.' }))).toBe('no\n  → Do.');
  expect(describeError(new LobbieSyncError('no', { code: 'x', action: 'skip' }))).toBe('no');
  expect(describeError(new TypeError('no'))).toBe('TypeError: no');
  expect(describeError('no')).toBe('unknown error');
});
