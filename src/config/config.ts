import { readFileSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { readDotEnv, withoutMark } from './dot-env.ts';
import { describePush, type PushConfig, readPush } from './push.ts';
import { settings } from './settings.ts';

/** The folder of the embedded Postgres, below the working directory. It is used when DATABASE_URL is not set. */
export const LOCAL_FOLDER = '.lobbie-sync';

/** The settings of the Lobbie API. */
export interface LobbieSettings {
  /** The base URL; paths such as /partner/v2/... are appended. */
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiKey: string | undefined;
  readonly scope: string | undefined;
  readonly accountIds: readonly string[];
  readonly requestsPerSecond: number;
  readonly concurrency: number;
  readonly retry: {
    /** Longest that one call waits for Retry-After in all, milliseconds. */
    readonly maxWaitMs: number;
  };
  /** Operations that use the newer paths: operation ids, `observed`, or `all`. */
  readonly newerPaths: readonly string[];
}

/** The settings of the mirror. */
export interface SyncSettings {
  /** The fraction of a list's rows that may be tombstoned without a person's approval, 0 to 1. */
  readonly deleteThreshold: number;
  /** The fraction of a list's rows that may change in one nightly sync before its change hints wait for the rotation, 0 to 1. */
  readonly changeThreshold: number;
  /** How far the clocks of this machine, Lobbie and the database may differ, milliseconds. */
  readonly maxClockSkewMs: number;
  /** Days that ended runs and what is recorded of them are kept. */
  readonly retainRunsDays: number;
  /** The freshness target: every row is checked again within this many days. */
  readonly freshnessDays: number;
  /** Requests that a nightly sync may send; undefined: no limit. */
  readonly nightlyMaxRequests: number | undefined;
  /** Tables that keep no history. */
  readonly noHistory: readonly string[];
}

/** The settings of the daemon. */
export interface ServeSettings {
  /** When the nightly sync is due: a cron expression of five fields, in `timezone`. */
  readonly cron: string;
  readonly timezone: string;
  readonly host: string;
  readonly port: number;
  readonly adminToken: string | undefined;
  /** May hold a secret. Undefined: alerts are only logged and shown on the status page. */
  readonly alertUrl: string | undefined;
  readonly alertFormat: 'json' | 'slack';
}

export interface Config {
  /** What a person should know of the file of settings; names, never values. */
  readonly warnings: readonly string[];
  /** Undefined: the embedded Postgres in {@link LOCAL_FOLDER}. */
  readonly databaseUrl: string | undefined;
  readonly sync: SyncSettings;
  readonly push: PushConfig;
  readonly serve: ServeSettings;
  readonly log: { readonly level: string; readonly format: 'pretty' | 'json' };
  /**
   * The settings for Lobbie.
   *
   * @throws ConfigError that names every missing setting; commands that don't use Lobbie never call this
   */
  lobbie(): LobbieSettings;
}

const SECRETS = [
  'LOBBIE_CLIENT_ID',
  'LOBBIE_CLIENT_SECRET',
  'LOBBIE_API_KEY',
  'LOBBIE_SYNC_ADMIN_TOKEN',
  'LOBBIE_ALERT_URL',
  'DATABASE_URL',
] as const;

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that holds `.env`. */
  readonly cwd: string;
  /** Whether the log goes to a terminal. */
  readonly terminal: boolean;
}

/**
 * Reads the settings. The environment wins over `.env`, and `NAME_FILE` names a file that holds a secret. Empty values count as
 * not set.
 *
 * @throws ConfigError that lists every wrong setting at once, without its value
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const file = readDotEnv(sources.cwd);
  const values = { ...withSecretFiles(file.values, problems), ...withSecretFiles(sources.env, problems) };
  const parsed = settings.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const s = parsed.data;
  return {
    warnings: file.warnings,
    databaseUrl: s.DATABASE_URL,
    sync: {
      deleteThreshold: s.LOBBIE_DELETE_THRESHOLD,
      changeThreshold: s.LOBBIE_CHANGE_THRESHOLD,
      retainRunsDays: s.LOBBIE_RETAIN_RUNS_DAYS,
      maxClockSkewMs: s.LOBBIE_MAX_CLOCK_SKEW * 1000,
      freshnessDays: s.LOBBIE_FRESHNESS_DAYS,
      nightlyMaxRequests: s.LOBBIE_NIGHTLY_MAX_REQUESTS,
      noHistory: s.LOBBIE_NO_HISTORY,
    },
    push: readPush(s),
    serve: {
      cron: s.LOBBIE_SYNC_CRON,
      timezone: s.LOBBIE_SYNC_TIMEZONE,
      host: s.LOBBIE_SYNC_HOST,
      port: s.LOBBIE_SYNC_PORT,
      adminToken: s.LOBBIE_SYNC_ADMIN_TOKEN,
      alertUrl: s.LOBBIE_ALERT_URL,
      alertFormat: s.LOBBIE_ALERT_FORMAT,
    },
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
        retry: { maxWaitMs: s.LOBBIE_MAX_WAIT * 1000 },
        newerPaths: s.LOBBIE_NEWER_PATHS,
      };
    },
  };
}

/** The settings in a form that may be shown: secrets appear only as set or not set. */
export function describeConfig(config: Config): Record<string, string> {
  const shown: Record<string, string> = {
    DATABASE_URL:
      config.databaseUrl === undefined ? `(embedded Postgres in ${LOCAL_FOLDER})` : redactUrl(config.databaseUrl),
    LOBBIE_DELETE_THRESHOLD: String(config.sync.deleteThreshold),
    LOBBIE_CHANGE_THRESHOLD: String(config.sync.changeThreshold),
    LOBBIE_MAX_CLOCK_SKEW: String(config.sync.maxClockSkewMs / 1000),
    LOBBIE_RETAIN_RUNS_DAYS: String(config.sync.retainRunsDays),
    LOBBIE_FRESHNESS_DAYS: String(config.sync.freshnessDays),
    LOBBIE_NIGHTLY_MAX_REQUESTS: config.sync.nightlyMaxRequests?.toString() ?? '(no limit)',
    LOBBIE_NO_HISTORY: config.sync.noHistory.join(',') || '(none)',
    ...describePush(config.push),
    LOBBIE_SYNC_CRON: config.serve.cron,
    LOBBIE_SYNC_TIMEZONE: config.serve.timezone,
    LOBBIE_SYNC_HOST: config.serve.host,
    LOBBIE_SYNC_PORT: String(config.serve.port),
    LOBBIE_SYNC_ADMIN_TOKEN: config.serve.adminToken === undefined ? '(not set)' : '(set)',
    LOBBIE_ALERT_URL: config.serve.alertUrl === undefined ? '(not set)' : '(set)',
    LOBBIE_ALERT_FORMAT: config.serve.alertFormat,
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
      LOBBIE_MAX_WAIT: String(lobbie.retry.maxWaitMs / 1000),
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
  // A connection URL may also hold the password as a parameter.
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
  return parsed.toString();
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
      const secret = withoutMark(readFileSync(file, 'utf8')).trim();
      if (secret === '') problems.push(`${name}_FILE names a file that is empty`);
      else result[name] = secret;
    } catch {
      problems.push(`${name}_FILE names a file that can't be read`);
    }
  }
  return result;
}
