import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { operations } from '../api/operations.generated.ts';
import { ConfigError } from '../core/errors.ts';

/** Where the embedded Postgres and its files live when DATABASE_URL is not set, below the working directory. */
export const LOCAL_FOLDER = '.lobbie-sync';

/** What is needed to speak with Lobbie. */
export interface LobbieSettings {
  /** Paths follow as /partner/v2/... */
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiKey: string | undefined;
  readonly scope: string | undefined;
  readonly accountIds: readonly string[];
  readonly requestsPerSecond: number;
  readonly concurrency: number;
  /** Operation ids, or `observed`, or `all`. */
  readonly newerPaths: readonly string[];
}

export interface Config {
  /** Undefined: an embedded Postgres in {@link LOCAL_FOLDER}. */
  readonly databaseUrl: string | undefined;
  readonly log: { readonly level: string; readonly format: 'pretty' | 'json' };
  /**
   * The settings for Lobbie.
   *
   * @throws ConfigError that names every missing one; commands that don't need Lobbie never ask
   */
  lobbie(): LobbieSettings;
}

const SECRETS = ['LOBBIE_CLIENT_ID', 'LOBBIE_CLIENT_SECRET', 'LOBBIE_API_KEY', 'DATABASE_URL'] as const;

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((url) => url.replace(/\/+$/, ''));

const accountIds = z.string().transform((value, context) => {
  const ids = list(value);
  if (ids.length === 0 || !ids.every((id) => /^[1-9]\d{0,18}$/.test(id))) {
    context.addIssue({ code: 'custom', message: 'must be account ids, comma-separated, e.g. 1001,1002' });
    return z.NEVER;
  }
  return [...new Set(ids)];
});

const newerPaths = z.string().transform((value, context) => {
  const names = list(value);
  const unknown = names.filter((name) => name !== 'all' && name !== 'observed' && !Object.hasOwn(operations, name));
  if (unknown.length > 0) {
    context.addIssue({ code: 'custom', message: `names ${unknown.length} operations that do not exist` });
    return z.NEVER;
  }
  return names;
});

const settings = z.object({
  LOBBIE_API_URL: httpUrl.default('https://api-prod.lobbie.com/lobbie/api'),
  LOBBIE_TOKEN_URL: httpUrl.default('https://partner-api.lobbie.com/oauth/token'),
  LOBBIE_CLIENT_ID: z.string().optional(),
  LOBBIE_CLIENT_SECRET: z.string().optional(),
  LOBBIE_API_KEY: z.string().optional(),
  LOBBIE_SCOPE: z.string().optional(),
  LOBBIE_ACCOUNT_IDS: accountIds.optional(),
  LOBBIE_REQUESTS_PER_SECOND: z.coerce.number({ error: 'must be a number' }).min(0.1).max(10_000).default(10),
  LOBBIE_CONCURRENCY: z.coerce.number({ error: 'must be a whole number' }).int().min(1).max(256).default(8),
  LOBBIE_NEWER_PATHS: newerPaths.default([]),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
});

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of `.env`. */
  readonly cwd: string;
  /** Whether a person reads the log. */
  readonly terminal: boolean;
}

/**
 * Reads the settings: the environment wins over `.env`, and `NAME_FILE` gives a secret from a file. Empty values count as
 * not set.
 *
 * @throws ConfigError that lists every value that is wrong; values themselves are never repeated
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const values = { ...withSecretFiles(dotEnv(sources.cwd), problems), ...withSecretFiles(sources.env, problems) };
  const parsed = settings.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const s = parsed.data;
  return {
    databaseUrl: s.DATABASE_URL,
    log: { level: s.LOG_LEVEL, format: s.LOG_FORMAT ?? (sources.terminal ? 'pretty' : 'json') },
    lobbie() {
      const missing = (['LOBBIE_CLIENT_ID', 'LOBBIE_CLIENT_SECRET', 'LOBBIE_ACCOUNT_IDS'] as const).filter(
        (name) => s[name] === undefined,
      );
      if (missing.length > 0) throw new ConfigError(missing.map((name) => `${name} is required`));
      return {
        apiUrl: s.LOBBIE_API_URL,
        tokenUrl: s.LOBBIE_TOKEN_URL,
        clientId: s.LOBBIE_CLIENT_ID ?? '',
        clientSecret: s.LOBBIE_CLIENT_SECRET ?? '',
        apiKey: s.LOBBIE_API_KEY,
        scope: s.LOBBIE_SCOPE,
        accountIds: s.LOBBIE_ACCOUNT_IDS ?? [],
        requestsPerSecond: s.LOBBIE_REQUESTS_PER_SECOND,
        concurrency: s.LOBBIE_CONCURRENCY,
        newerPaths: s.LOBBIE_NEWER_PATHS,
      };
    },
  };
}

/** The settings as they may be shown: secrets only as set or not. */
export function describeConfig(config: Config): Record<string, string> {
  const shown: Record<string, string> = {
    DATABASE_URL:
      config.databaseUrl === undefined ? `(embedded Postgres in ${LOCAL_FOLDER})` : redactUrl(config.databaseUrl),
    LOG_LEVEL: config.log.level,
    LOG_FORMAT: config.log.format,
  };
  try {
    const lobbie = config.lobbie();
    Object.assign(shown, {
      LOBBIE_API_URL: lobbie.apiUrl,
      LOBBIE_TOKEN_URL: lobbie.tokenUrl,
      LOBBIE_CLIENT_ID: '(set)',
      LOBBIE_CLIENT_SECRET: '(set)',
      LOBBIE_API_KEY: lobbie.apiKey === undefined ? '(not set)' : '(set)',
      LOBBIE_SCOPE: lobbie.scope ?? '(not set)',
      LOBBIE_ACCOUNT_IDS: lobbie.accountIds.join(','),
      LOBBIE_REQUESTS_PER_SECOND: String(lobbie.requestsPerSecond),
      LOBBIE_CONCURRENCY: String(lobbie.concurrency),
      LOBBIE_NEWER_PATHS: lobbie.newerPaths.join(',') || '(none)',
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) shown[problem.split(' ')[0] ?? problem] = '(missing)';
  }
  return shown;
}

/** A connection URL without its password. */
export function redactUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  // A password may also travel as a parameter.
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
  return parsed.toString();
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function dotEnv(folder: string): Record<string, string | undefined> {
  const path = resolve(folder, '.env');
  if (!existsSync(path)) return {};
  return parseEnv(readFileSync(path, 'utf8')) as Record<string, string | undefined>;
}

function withSecretFiles(
  values: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Record<string, string | undefined> {
  const result = Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  for (const name of SECRETS) {
    const file = result[`${name}_FILE`];
    if (file === undefined || result[name] !== undefined) continue;
    try {
      result[name] = readFileSync(file, 'utf8').trim();
    } catch {
      problems.push(`${name}_FILE names a file that can't be read`);
    }
  }
  return result;
}
