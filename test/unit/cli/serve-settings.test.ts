import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isAway } from '../../../src/app/daemon.ts';
import { describeConfig, loadConfig } from '../../../src/config/config.ts';
import { ConfigError, LobbieSyncError } from '../../../src/core/errors.ts';

const cwd = mkdtempSync(join(tmpdir(), 'lobbie-sync-serve-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const load = (env: Record<string, string>) => loadConfig({ env, cwd, terminal: false });

describe('settings of serve', () => {
  test('their defaults', () => {
    expect(load({}).serve).toEqual({
      cron: '0 2 * * *',
      timezone: 'UTC',
      host: '127.0.0.1',
      port: 8787,
      adminToken: undefined,
      alertUrl: undefined,
      alertFormat: 'json',
    });
  });

  test('secrets come from files too and are never shown', () => {
    const path = join(cwd, 'secret');
    writeFileSync(path, 'https://alerts.example/hook-canary\n');
    const config = load({ LOBBIE_ALERT_URL_FILE: path, LOBBIE_SYNC_ADMIN_TOKEN: 'token-canary' });
    expect(config.serve).toMatchObject({ alertUrl: 'https://alerts.example/hook-canary', adminToken: 'token-canary' });
    expect(describeConfig(config)).toMatchObject({ LOBBIE_ALERT_URL: '(set)', LOBBIE_SYNC_ADMIN_TOKEN: '(set)' });
    expect(JSON.stringify(describeConfig(config))).not.toContain('canary');
  });

  test('all wrong ones are reported at once, none is repeated', () => {
    const wrong = {
      LOBBIE_SYNC_CRON: 'canary 2 * * *',
      LOBBIE_SYNC_TIMEZONE: 'Canary/Nowhere',
      LOBBIE_SYNC_HOST: 'canary host',
      LOBBIE_SYNC_PORT: '70000',
      LOBBIE_ALERT_URL: 'canary',
      LOBBIE_ALERT_FORMAT: 'canary',
    };
    try {
      load(wrong);
      expect.unreachable();
    } catch (error) {
      const { problems } = error as ConfigError;
      expect(error).toBeInstanceOf(ConfigError);
      expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual(Object.keys(wrong).sort());
      expect(problems.join().toLowerCase()).not.toContain('canary');
    }
  });

  test.each(['* * * * * *', '0 2 * *', '61 2 * * *', '0 0 30 2 *', '@daily'])(
    '%j is no time of a nightly sync',
    (cron) => {
      expect(() => load({ LOBBIE_SYNC_CRON: cron })).toThrow(ConfigError);
    },
  );

  test.each(['30 2 * * *', '*/15 1-5 * * 1,3', '0 2 1 JAN MON'])('%j is one', (cron) => {
    expect(load({ LOBBIE_SYNC_CRON: cron }).serve.cron).toBe(cron);
  });
});

describe('a database that is away when serve starts', () => {
  const error = (code: string, action: 'retry' | 'abort', cause?: unknown) =>
    new LobbieSyncError('x', { code, action, ...(cause === undefined ? {} : { cause }) });

  test('is waited for; one that refuses is not', () => {
    expect(isAway(error('database.ECONNREFUSED', 'retry'))).toBe(true);
    expect(isAway(error('database.ENOTFOUND', 'abort'))).toBe(true);
    expect(isAway(error('database.28P01', 'abort'))).toBe(false);
    expect(isAway(error('database.not_migrated', 'abort'))).toBe(false);
    const cause = error('database.57P01', 'retry');
    expect(isAway(error('database.migration', 'abort', cause))).toBe(true);
    expect(isAway(error('database.migration', 'abort', error('database.42601', 'abort')))).toBe(false);
  });
});
