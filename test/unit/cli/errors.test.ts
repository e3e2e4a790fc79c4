import { describe, expect, test } from 'vitest';
import { errorText, exitCodeOf, shownError, UsageError } from '../../../src/cli/errors.ts';
import { ConfigError, LobbieSyncError } from '../../../src/core/errors.ts';

describe('errors on the command line', () => {
  test('ours are shown with how to fix them', () => {
    const error = new ConfigError(['LOBBIE_CLIENT_ID is required', 'DATABASE_URL must be a postgres:// URL']);
    expect(exitCodeOf(error)).toBe(2);
    expect(errorText(error, false)).toContain('LOBBIE_CLIENT_ID is required; DATABASE_URL must be');
    expect(errorText(error, false)).toContain('→');
    expect(exitCodeOf(new UsageError('no'))).toBe(2);
  });

  test('the text of a foreign error is never shown: it may quote a record', () => {
    const error = new SyntaxError('Unexpected token in "Jane Doe, born 1980"');
    for (const debug of [false, true]) expect(errorText(error, debug)).not.toContain('Jane');
    expect(errorText(error, true)).toContain('    at ');
    expect(errorText(error, false)).toContain('LOG_LEVEL=debug');
    expect(JSON.stringify(shownError(error))).not.toContain('Jane');
    expect(shownError(Object.assign(new Error('Jane'), { code: 'ENOENT' })).message).toContain('ENOENT');
    expect(exitCodeOf(error)).toBe(1);
    expect(exitCodeOf('a text')).toBe(1);
  });

  test('a database that is away is no partial success', () => {
    const error = new LobbieSyncError('away', { code: 'database.ECONNREFUSED', action: 'retry' });
    expect(exitCodeOf(error)).toBe(1);
  });
});
