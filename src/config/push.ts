import { z } from 'zod';
import { APPOINTMENT_BODIES, type AppointmentBody, type ConflictPolicy, WRITABLE } from '../core/writable.ts';
import { list } from './list.ts';

/** The settings of deliveries to Lobbie. */
export interface PushConfig {
  readonly appointmentBody: AppointmentBody;
  /** `resource.field` → who wins when both sides changed it. For other fields a person decides. */
  readonly policies: Readonly<Record<string, ConflictPolicy>>;
  /** Fields that only Lobbie may change, as `resource.field`. */
  readonly ownedByLobbie: readonly string[];
  /** The fraction of the request rate that deliveries get while other runs are open. */
  readonly rateFraction: number;
  /** Changes that one run may send; undefined: no limit. */
  readonly maxChanges: number | undefined;
  /** The fraction of changes that may go wrong before a run stops. */
  readonly maxErrorFraction: number;
  /** How long to wait for the answer to a write. After that the write is in doubt and Lobbie is read back; seconds. */
  readonly timeoutSeconds: number;
  /** How long a write without an answer may still take effect in Lobbie, seconds. */
  readonly settleSeconds: number;
}

const FIELDS = Object.entries(WRITABLE).flatMap(([resource, fields]) =>
  Object.keys(fields).map((field) => `${resource}.${field}`),
);

/** The schema of a setting such as `patients.email=ours,…`, with one of the given words for each field. */
function byField<Word extends string>(words: readonly Word[]) {
  return z.string().transform((value, context): Readonly<Record<string, Word>> => {
    const pairs = list(value).map((part) => part.split('=').map((side) => side.trim()));
    const wrong = pairs.filter(
      ([field = '', word = '', ...rest]) =>
        rest.length > 0 || !FIELDS.includes(field) || !(words as readonly string[]).includes(word),
    );
    if (wrong.length > 0) {
      const message = `must be resource.field=${words.join(' or ')}, comma-separated, e.g. patients.email=${words[0]}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return Object.fromEntries(pairs) as Record<string, Word>;
  });
}

const fraction = (error: string) => z.coerce.number({ error });

/** The settings of deliveries by name, as a part of the schema of all settings. */
export const pushSettings = {
  LOBBIE_APPOINTMENT_BODY: z
    .enum(APPOINTMENT_BODIES, { error: `must be ${APPOINTMENT_BODIES.join(' or ')}` })
    .default('listing'),
  LOBBIE_PUSH_CONFLICTS: byField(['ours', 'theirs', 'ask']).default({}),
  LOBBIE_PUSH_OWNERS: byField(['warehouse', 'lobbie']).default({}),
  LOBBIE_PUSH_SHARE: fraction('must be a number between 0 and 1').gt(0).lt(1).default(0.5),
  LOBBIE_PUSH_MAX_CHANGES: z.coerce.number({ error: 'must be a whole number' }).int().min(1).optional(),
  LOBBIE_PUSH_ERROR_SHARE: fraction('must be a number from 0 to 1').min(0).max(1).default(0.25),
  LOBBIE_PUSH_TIMEOUT_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).min(1).max(600).default(30),
  LOBBIE_PUSH_SETTLE_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).min(0).max(3600).default(10),
};

type Parsed = z.infer<z.ZodObject<typeof pushSettings>>;

/** Converts the parsed settings of deliveries. For a field that the warehouse owns, the outbox wins every conflict. */
export function readPush(parsed: Parsed): PushConfig {
  const owners = Object.entries(parsed.LOBBIE_PUSH_OWNERS);
  const owned = owners.filter(([, owner]) => owner === 'warehouse').map(([field]) => [field, 'ours'] as const);
  return {
    appointmentBody: parsed.LOBBIE_APPOINTMENT_BODY,
    policies: { ...parsed.LOBBIE_PUSH_CONFLICTS, ...Object.fromEntries(owned) },
    ownedByLobbie: owners.filter(([, owner]) => owner === 'lobbie').map(([field]) => field),
    rateFraction: parsed.LOBBIE_PUSH_SHARE,
    maxChanges: parsed.LOBBIE_PUSH_MAX_CHANGES,
    maxErrorFraction: parsed.LOBBIE_PUSH_ERROR_SHARE,
    timeoutSeconds: parsed.LOBBIE_PUSH_TIMEOUT_SECONDS,
    settleSeconds: parsed.LOBBIE_PUSH_SETTLE_SECONDS,
  };
}

/** The settings in a form that may be shown. Fields that the warehouse owns are listed among the conflicts, as `ours`. */
export function describePush(push: PushConfig): Record<string, string> {
  const policies = Object.entries(push.policies).map(([field, policy]) => `${field}=${policy}`);
  return {
    LOBBIE_APPOINTMENT_BODY: push.appointmentBody,
    LOBBIE_PUSH_CONFLICTS: policies.join(',') || '(ask)',
    LOBBIE_PUSH_OWNERS: push.ownedByLobbie.map((field) => `${field}=lobbie`).join(',') || '(none)',
    LOBBIE_PUSH_SHARE: String(push.rateFraction),
    LOBBIE_PUSH_MAX_CHANGES: push.maxChanges?.toString() ?? '(no limit)',
    LOBBIE_PUSH_ERROR_SHARE: String(push.maxErrorFraction),
    LOBBIE_PUSH_TIMEOUT_SECONDS: String(push.timeoutSeconds),
    LOBBIE_PUSH_SETTLE_SECONDS: String(push.settleSeconds),
  };
}
