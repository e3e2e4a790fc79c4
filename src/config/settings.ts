import { createRequire } from 'node:module';
import type * as CronParser from 'cron-parser';
import { z } from 'zod';
import { operations } from '../api/operations.generated.ts';
import { isId } from '../core/ids.ts';
import { list } from './list.ts';
import { pushSettings } from './push.ts';

const anyHttpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const httpUrl = anyHttpUrl.transform((url) => url.replace(/\/+$/, ''));

// Loaded only for a schedule that somebody has set: it is as large as all that `status` needs.
const cronParser = () => createRequire(import.meta.url)('cron-parser') as typeof CronParser;
const isEverDue = (cron: string) => works(() => cronParser().CronExpressionParser.parse(cron, { tz: 'UTC' }).next());
const cron = z.string().refine((value) => value.trim().split(/\s+/).length === 5 && isEverDue(value), {
  error: 'must be a cron expression of five fields (minute hour day month weekday), e.g. 0 2 * * *',
});
const timezone = z.string().refine((timeZone) => works(() => new Intl.DateTimeFormat('en', { timeZone })), {
  error: 'must be the IANA name of a time zone, e.g. America/New_York',
});

const accountIds = z.string().transform((value, context) => {
  const ids = list(value);
  if (ids.length === 0 || !ids.every((id) => isId(id))) {
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

const tables = z.string().transform((value, context) => {
  const names = list(value);
  const wrong = names.filter((name) => !/^[a-z][a-z_]*$/.test(name));
  if (wrong.length > 0) {
    context.addIssue({ code: 'custom', message: 'must be names of tables, comma-separated, e.g. notifications,forms' });
    return z.NEVER;
  }
  return names;
});

const seconds = z.coerce.number({ error: 'must be a number of seconds' }).int().min(1).max(1_000_000_000);

/** Every setting by its name in the environment, with its schema and default. */
export const settings = z.object({
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
  LOBBIE_CHANGE_THRESHOLD: z.coerce.number({ error: 'must be a number from 0 to 1' }).min(0).max(1).default(0.2),
  LOBBIE_DELETE_THRESHOLD: z.coerce.number({ error: 'must be a number from 0 to 1' }).min(0).max(1).default(0.05),
  LOBBIE_FRESHNESS_DAYS: z.coerce
    .number({ error: 'must be a whole number of days' })
    .int()
    .min(1)
    .max(3650)
    .default(30),
  LOBBIE_MAX_CLOCK_SKEW: seconds.default(300),
  LOBBIE_MAX_WAIT: seconds.default(900),
  LOBBIE_RETAIN_RUNS_DAYS: z.coerce.number({ error: 'must be a whole number of days' }).int().min(1).default(400),
  LOBBIE_NIGHTLY_MAX_REQUESTS: z.coerce.number({ error: 'must be a whole number' }).int().min(1).optional(),
  LOBBIE_NO_HISTORY: tables.default([]),
  LOBBIE_SYNC_CRON: cron.default('0 2 * * *'),
  LOBBIE_SYNC_TIMEZONE: timezone.default('UTC'),
  LOBBIE_SYNC_HOST: z
    .string()
    .regex(/^[\w.:[\]-]+$/, { error: 'must be an address or a name, e.g. 127.0.0.1' })
    .default('127.0.0.1'),
  LOBBIE_SYNC_PORT: z.coerce.number({ error: 'must be a port' }).int().min(0).max(65_535).default(8787),
  LOBBIE_SYNC_ADMIN_TOKEN: z.string().optional(),
  LOBBIE_ALERT_URL: anyHttpUrl.optional(),
  LOBBIE_ALERT_FORMAT: z.enum(['json', 'slack'], { error: 'must be json or slack' }).default('json'),
  ...pushSettings,
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
});

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
