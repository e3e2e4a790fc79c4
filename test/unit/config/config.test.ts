import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ConfigSources, describeConfig, loadConfig, redactUrl } from '../../../src/config/config.ts';
import { settings } from '../../../src/config/settings.ts';
import { ConfigError } from '../../../src/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'lobbie-sync-config-'));
const empty = mkdtempSync(join(tmpdir(), 'lobbie-sync-config-'));
afterAll(() => {
  for (const each of [folder, empty]) rmSync(each, { recursive: true });
});

const load = (env: ConfigSources['env'], options: Partial<ConfigSources> = {}) =>
  loadConfig({ env, cwd: empty, terminal: false, ...options });

const required = {
  LOBBIE_CLIENT_ID: 'client-id-canary',
  LOBBIE_CLIENT_SECRET: 'client-secret-canary',
  LOBBIE_ACCOUNT_IDS: '1001',
};

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  test('are those of the outer contract', () => {
    const config = load(required);
    expect(config.databaseUrl).toBeUndefined();
    expect(config.log).toEqual({ level: 'info', format: 'json' });
    expect(config.lobbie()).toEqual({
      apiUrl: 'https://api-prod.lobbie.com/lobbie/api',
      tokenUrl: 'https://partner-api.lobbie.com/oauth/token',
      clientId: 'client-id-canary',
      clientSecret: 'client-secret-canary',
      apiKey: undefined,
      scope: undefined,
      accountIds: ['1001'],
      requestsPerSecond: 10,
      concurrency: 8,
      retry: { maxWaitMs: 900_000 },
      newerPaths: [],
    });
  });

  test('the log is pretty on a terminal only', () => {
    expect(load({}, { terminal: true }).log.format).toBe('pretty');
    expect(load({ LOG_FORMAT: 'json' }, { terminal: true }).log.format).toBe('json');
    expect(load({ LOG_FORMAT: 'pretty' }).log.format).toBe('pretty');
  });

  test('what .env.example shows as commented out is the default', async () => {
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile(new URL('../../../.env.example', import.meta.url), 'utf8')).split('\n');
    const shown = Object.fromEntries(
      lines.flatMap((line) => {
        const [, name = '', value = ''] = /^#([A-Z_]+)=(.*)$/.exec(line) ?? [];
        return name === '' || value === '' ? [] : [[name, value]];
      }),
    );
    const config = load(required);
    const { lobbie, log } = config;
    const pushed = Object.entries(shown).filter(([name]) => /^LOBBIE_(PUSH_|APPOINTMENT_BODY$)/.test(name));
    expect(pushed.map(([name]) => name)).toHaveLength(5);
    expect(describeConfig(config)).toMatchObject(Object.fromEntries(pushed));
    expect(shown).toMatchObject({
      LOBBIE_API_URL: lobbie().apiUrl,
      LOBBIE_TOKEN_URL: lobbie().tokenUrl,
      LOBBIE_REQUESTS_PER_SECOND: String(lobbie().requestsPerSecond),
      LOBBIE_CONCURRENCY: String(lobbie().concurrency),
      LOG_LEVEL: log.level,
    });
  });
});

test('every setting is explained in .env.example', async () => {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8');
  expect(Object.keys(settings.shape).filter((name) => !new RegExp(`^#?${name}=`, 'm').test(text))).toEqual([]);
});

describe('values', () => {
  test('account ids are a list without repetitions', () => {
    expect(load({ ...required, LOBBIE_ACCOUNT_IDS: ' 2, 1,2 ,' }).lobbie().accountIds).toEqual(['2', '1']);
  });

  test('slashes at the end of URLs are dropped, so that paths can follow', () => {
    expect(load({ ...required, LOBBIE_API_URL: 'http://127.0.0.1:1/api//' }).lobbie().apiUrl).toBe(
      'http://127.0.0.1:1/api',
    );
  });

  test('an empty value counts as not set', () => {
    const config = load({ ...required, LOBBIE_API_KEY: '', LOBBIE_CONCURRENCY: '  ', DATABASE_URL: '' });
    expect(config.databaseUrl).toBeUndefined();
    expect(config.lobbie()).toMatchObject({ apiKey: undefined, concurrency: 8 });
  });

  test('newer paths are operations, `observed` or `all`', () => {
    expect(load({ ...required, LOBBIE_NEWER_PATHS: 'listPatients, observed' }).lobbie().newerPaths).toEqual([
      'listPatients',
      'observed',
    ]);
    expect(problemsOf(() => load({ LOBBIE_NEWER_PATHS: 'toString' }))).toHaveLength(1);
  });
});

describe('what is wrong', () => {
  test('is listed all at once', () => {
    const problems = problemsOf(() =>
      load({
        LOBBIE_API_URL: 'ftp://api',
        LOBBIE_TOKEN_URL: 'token',
        LOBBIE_ACCOUNT_IDS: '12,abc',
        LOBBIE_REQUESTS_PER_SECOND: 'many',
        LOBBIE_CONCURRENCY: '1.5',
        LOBBIE_NEWER_PATHS: 'nothing',
        DATABASE_URL: 'mysql://host/db',
        LOG_LEVEL: 'loud',
        LOG_FORMAT: 'xml',
        LOBBIE_CLIENT_SECRET_FILE: join(empty, 'absent'),
      }),
    );
    const names = problems.map((problem) => problem.split(' ')[0]).sort();
    expect(names).toEqual(
      [
        'DATABASE_URL',
        'LOBBIE_ACCOUNT_IDS',
        'LOBBIE_API_URL',
        'LOBBIE_CLIENT_SECRET_FILE',
        'LOBBIE_CONCURRENCY',
        'LOBBIE_NEWER_PATHS',
        'LOBBIE_REQUESTS_PER_SECOND',
        'LOBBIE_TOKEN_URL',
        'LOG_FORMAT',
        'LOG_LEVEL',
      ].sort(),
    );
  });

  test.each([
    ['LOBBIE_REQUESTS_PER_SECOND', '0'],
    ['LOBBIE_REQUESTS_PER_SECOND', 'NaN'],
    ['LOBBIE_REQUESTS_PER_SECOND', 'Infinity'],
    ['LOBBIE_CONCURRENCY', '0'],
    ['LOBBIE_CONCURRENCY', '257'],
    ['LOBBIE_ACCOUNT_IDS', ','],
    ['LOBBIE_ACCOUNT_IDS', '0'],
    ['LOBBIE_ACCOUNT_IDS', '-5'],
  ])('%s=%s', (name, value) => {
    expect(problemsOf(() => load({ ...required, [name]: value }))).toEqual([expect.stringMatching(`^${name} `)]);
  });

  test('is reported without the value', () => {
    const canary = 'c4n4ry';
    const bad = {
      LOBBIE_API_URL: canary,
      LOBBIE_TOKEN_URL: canary,
      LOBBIE_ACCOUNT_IDS: canary,
      LOBBIE_REQUESTS_PER_SECOND: canary,
      LOBBIE_CONCURRENCY: canary,
      DATABASE_URL: `mysql://user:${canary}@host/db`,
      LOG_LEVEL: canary,
      LOG_FORMAT: canary,
      LOBBIE_CLIENT_SECRET_FILE: join(empty, canary),
    };
    const problems = problemsOf(() => load(bad));
    expect(problems).toHaveLength(Object.keys(bad).length);
    expect(problems.join('\n')).not.toContain(canary);
  });

  test('the settings of Lobbie are required only by commands that use Lobbie', () => {
    const config = load({});
    expect(problemsOf(() => config.lobbie())).toEqual([
      'LOBBIE_CLIENT_ID is required',
      'LOBBIE_CLIENT_SECRET is required',
      'LOBBIE_ACCOUNT_IDS is required',
    ]);
  });
});

describe('.env and files', () => {
  writeFileSync(
    join(folder, '.env'),
    '# comment\nLOBBIE_CLIENT_ID=from-file\nLOBBIE_SCOPE="from file"\nLOBBIE_CONCURRENCY=3\n',
  );
  writeFileSync(join(folder, 'secret'), '  from-secret-file\n');

  test('the environment wins over .env', () => {
    const { LOBBIE_CLIENT_ID: _, ...rest } = required;
    const config = load({ ...rest, LOBBIE_CONCURRENCY: '5' }, { cwd: folder });
    expect(config.lobbie()).toMatchObject({ clientId: 'from-file', scope: 'from file', concurrency: 5 });
  });

  test.each(['LOBBIE_CLIENT_SECRET', 'LOBBIE_CLIENT_ID', 'LOBBIE_API_KEY', 'DATABASE_URL'])(
    '%s can come from a file, without the white space around it',
    (name) => {
      const file = join(folder, name);
      const value = name === 'DATABASE_URL' ? 'postgres://h/d' : 'from-secret-file';
      writeFileSync(file, `\n${value}\n`);
      const config = load({ ...required, [name]: undefined, [`${name}_FILE`]: file });
      const { clientSecret, clientId, apiKey } = config.lobbie();
      const found = {
        LOBBIE_CLIENT_SECRET: clientSecret,
        LOBBIE_CLIENT_ID: clientId,
        LOBBIE_API_KEY: apiKey,
        DATABASE_URL: config.databaseUrl,
      };
      expect(found[name as keyof typeof found]).toBe(value);
    },
  );

  test('the value itself goes before its file', () => {
    const env = { ...required, LOBBIE_CLIENT_SECRET_FILE: join(folder, 'secret') };
    expect(load(env).lobbie().clientSecret).toBe('client-secret-canary');
  });

  test('a file named in the environment wins over a value in .env', () => {
    writeFileSync(join(empty, '.env'), 'LOBBIE_CLIENT_SECRET=old-one\n');
    try {
      const { LOBBIE_CLIENT_SECRET: _, ...rest } = required;
      const env = { ...rest, LOBBIE_CLIENT_SECRET_FILE: join(folder, 'secret') };
      expect(load(env).lobbie().clientSecret).toBe('from-secret-file');
    } finally {
      rmSync(join(empty, '.env'));
    }
  });
});

describe('showing settings', () => {
  test('secrets are shown as set or not', () => {
    const config = load({
      ...required,
      LOBBIE_API_KEY: 'api-key-canary',
      DATABASE_URL: 'postgres://user:password-canary@host/db?password=parameter-canary',
    });
    const shown = describeConfig(config);
    expect(JSON.stringify(shown)).not.toContain('canary');
    expect(shown).toMatchObject({ LOBBIE_CLIENT_SECRET: '(set)', LOBBIE_API_KEY: '(set)', LOBBIE_ACCOUNT_IDS: '1001' });
  });

  test('missing ones are named', () => {
    expect(describeConfig(load({}))).toMatchObject({
      DATABASE_URL: '(embedded Postgres in .lobbie-sync)',
      LOBBIE_CLIENT_ID: '(missing)',
      LOBBIE_CLIENT_SECRET: '(missing)',
      LOBBIE_ACCOUNT_IDS: '(missing)',
    });
  });

  test('a URL without a password stays as it is', () => {
    expect(redactUrl('postgres://user@host:5432/db')).toBe('postgres://user@host:5432/db');
  });
});
