import { z } from 'zod';
import { APPOINTMENT_BODIES, type AppointmentBody, type ConflictPolicy, WRITABLE } from '../core/writable.ts';
import { list } from './list.ts';

/** How changes are carried to Lobbie. */
export interface PushConfig {
  readonly appointmentBody: AppointmentBody;
  /** `resource.field` → who wins when both sides changed it; a field that is not in it is for a person to decide. */
  readonly policies: Readonly<Record<string, ConflictPolicy>>;
  /** `resource.field` of what Lobbie alone decides about. */
  readonly ownedByLobbie: readonly string[];
  /** Share of the request rate that deliveries have while other runs are open. */
  readonly share: number;
  /** Changes that one run may send; undefined: no limit. */
  readonly maxChanges: number | undefined;
  /** Share of changes that may go wrong before a run stops. */
  readonly errorShare: number;
  /** How long the answer to a write is waited for before it is read back instead, seconds. */
  readonly timeoutSeconds: number;
  /** How long a write that got no answer may still be under way, seconds. */
  readonly settleSeconds: number;
}

const FIELDS = Object.entries(WRITABLE).flatMap(([resource, fields]) =>
  Object.keys(fields).map((field) => `${resource}.${field}`),
);

/** `patients.email=ours,…` with one of the given words for each field. */
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

const share = (error: string) => z.coerce.number({ error });

/** The settings by their names, for the schema of all. */
export const pushSettings = {
  LOBBIE_APPOINTMENT_BODY: z
    .enum(APPOINTMENT_BODIES, { error: `must be ${APPOINTMENT_BODIES.join(' or ')}` })
    .default('listing'),
  LOBBIE_PUSH_CONFLICTS: byField(['ours', 'theirs', 'ask']).default({}),
  LOBBIE_PUSH_OWNERS: byField(['warehouse', 'lobbie']).default({}),
  LOBBIE_PUSH_SHARE: share('must be a share between 0 and 1').gt(0).lt(1).default(0.5),
  LOBBIE_PUSH_MAX_CHANGES: z.coerce.number({ error: 'must be a whole number' }).int().min(1).optional(),
  LOBBIE_PUSH_ERROR_SHARE: share('must be a share from 0 to 1').min(0).max(1).default(0.25),
  LOBBIE_PUSH_TIMEOUT_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).min(1).max(600).default(30),
  LOBBIE_PUSH_SETTLE_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).min(0).max(3600).default(10),
};

type Parsed = z.infer<z.ZodObject<typeof pushSettings>>;

/** What the settings say about deliveries. A field that the warehouse owns wins every conflict. */
export function readPush(parsed: Parsed): PushConfig {
  const owners = Object.entries(parsed.LOBBIE_PUSH_OWNERS);
  const owned = owners.filter(([, owner]) => owner === 'warehouse').map(([field]) => [field, 'ours'] as const);
  return {
    appointmentBody: parsed.LOBBIE_APPOINTMENT_BODY,
    policies: { ...parsed.LOBBIE_PUSH_CONFLICTS, ...Object.fromEntries(owned) },
    ownedByLobbie: owners.filter(([, owner]) => owner === 'lobbie').map(([field]) => field),
    share: parsed.LOBBIE_PUSH_SHARE,
    maxChanges: parsed.LOBBIE_PUSH_MAX_CHANGES,
    errorShare: parsed.LOBBIE_PUSH_ERROR_SHARE,
    timeoutSeconds: parsed.LOBBIE_PUSH_TIMEOUT_SECONDS,
    settleSeconds: parsed.LOBBIE_PUSH_SETTLE_SECONDS,
  };
}

/** The settings as they may be shown; those of fields together, as they work. */
export function describePush(push: PushConfig): Record<string, string> {
  const policies = Object.entries(push.policies).map(([field, policy]) => `${field}=${policy}`);
  return {
    LOBBIE_APPOINTMENT_BODY: push.appointmentBody,
    LOBBIE_PUSH_CONFLICTS: policies.join(',') || '(ask)',
    LOBBIE_PUSH_OWNERS: push.ownedByLobbie.map((field) => `${field}=lobbie`).join(',') || '(none)',
    LOBBIE_PUSH_SHARE: String(push.share),
    LOBBIE_PUSH_MAX_CHANGES: push.maxChanges?.toString() ?? '(no limit)',
    LOBBIE_PUSH_ERROR_SHARE: String(push.errorShare),
    LOBBIE_PUSH_TIMEOUT_SECONDS: String(push.timeoutSeconds),
    LOBBIE_PUSH_SETTLE_SECONDS: String(push.settleSeconds),
  };
}
