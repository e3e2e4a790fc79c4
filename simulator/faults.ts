import { hashText, mix, stream } from './random.ts';

/** The kinds of fault. */
export const FAULT_KINDS = [
  'status',
  'status-after',
  'timeout',
  'timeout-after',
  'reset-before',
  'reset-after',
  'truncate',
  'wrong-content-type',
  'slow-body',
  'missing-list-key',
  'repeated-cursor',
  'expired-cursor',
  'empty-page',
  'doubled-row',
  'shift',
  'bad-record',
  'unknown-field',
  'lost-grant',
] as const;

/** A kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault as data: what it applies to, what it does, how often. */
export interface FaultRule {
  kind: FaultKind;
  /** An operationId, 'token' for the token call, or '*'. @default '*' */
  operation?: string;
  /** Part of the request path. */
  path?: string;
  accountId?: number;
  locationId?: number;
  /** Status to answer with, for kinds 'status' and 'status-after'. @default 500 */
  status?: number;
  /** Matches to let pass first. @default 0 */
  after?: number;
  /** Times at most. @default no limit */
  times?: number;
  /** Chance per match. @default 1 */
  probability?: number;
  /** Value of the Retry-After header. */
  retryAfter?: string | number;
  /** Milliseconds to wait before the answer; for 'slow-body' while it is sent. @default 0 */
  delayMs?: number;
}

const NUMBERS = ['accountId', 'locationId', 'status', 'after', 'times', 'probability', 'delayMs'];
const TEXTS = ['operation', 'path', 'kind'];

/** Checks fault rules read from outside. @throws Error naming unknown kinds and fields. */
export function parseFaults(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new Error('Fault rules must be an array');
  const rules = value as Record<string, unknown>[];
  const kinds: readonly string[] = FAULT_KINDS;
  const unknown = rules.map((rule) => String(rule?.['kind'])).filter((kind) => !kinds.includes(kind));
  if (unknown.length > 0)
    throw new Error(`Unknown fault kinds: ${[...new Set(unknown)].join(', ')}. Known: ${FAULT_KINDS.join(', ')}`);
  for (const rule of rules) {
    for (const [field, entry] of Object.entries(rule)) {
      const good =
        entry === undefined ||
        (NUMBERS.includes(field) && typeof entry === 'number') ||
        (TEXTS.includes(field) && typeof entry === 'string') ||
        (field === 'retryAfter' && ['string', 'number'].includes(typeof entry));
      if (!good) throw new Error(`Fault rule of kind ${String(rule['kind'])}: bad or unknown field ${field}`);
    }
  }
  return rules.map((rule) => ({ ...rule }) as unknown as FaultRule);
}

/** What a rule is matched against. */
export interface FaultTarget {
  operation: string;
  path: string;
  accountId?: number | undefined;
  locationId?: number | undefined;
  hasCursor: boolean;
  isList: boolean;
}

/** Kinds that answer in place of the operation, whose work is never done. */
export const INSTEAD_OF_WORK: ReadonlySet<FaultKind> = new Set(['status', 'timeout', 'reset-before']);

/** Kinds that answer in place of the operation once its work is done: a client can't tell them from their siblings. */
export const INSTEAD_OF_ANSWER: ReadonlySet<FaultKind> = new Set(['status-after', 'timeout-after']);

/** Kinds that only make sense for an answer with a list. */
const LIST_ONLY: ReadonlySet<FaultKind> = new Set([
  'missing-list-key',
  'repeated-cursor',
  'empty-page',
  'doubled-row',
  'shift',
]);

/** Chooses the fault of a request; counts matches and draws seeded chances. */
export class FaultEngine {
  #seed: number;
  #armed: { rule: FaultRule; seen: number; done: number; chance: () => number }[] = [];

  constructor(seed: number, rules: readonly FaultRule[]) {
    this.#seed = seed;
    this.set(rules);
  }

  /** Replaces the rules; counters begin anew. */
  set(rules: readonly FaultRule[]): void {
    this.#armed = rules.map((rule, at) => ({
      rule,
      seen: 0,
      done: 0,
      chance: stream(mix(mix(this.#seed, hashText(rule.kind)), at)),
    }));
  }

  /** True when any rule is of the kind. */
  has(kind: FaultKind): boolean {
    return this.#armed.some((armed) => armed.rule.kind === kind);
  }

  /** The first rule that applies, with a draw for its details. */
  match(target: FaultTarget): { rule: FaultRule; draw: number } | undefined {
    for (const armed of this.#armed) {
      const { rule } = armed;
      if (!applies(rule, target)) continue;
      armed.seen += 1;
      if (armed.seen <= (rule.after ?? 0) || armed.done >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
      if (rule.probability !== undefined && armed.chance() >= rule.probability) continue;
      armed.done += 1;
      return { rule, draw: armed.chance() };
    }
    return undefined;
  }
}

function applies(rule: FaultRule, target: FaultTarget): boolean {
  if (target.operation === 'token' && rule.operation !== 'token') return false;
  if (rule.operation !== undefined && rule.operation !== '*' && rule.operation !== target.operation) return false;
  if (rule.path !== undefined && !target.path.includes(rule.path)) return false;
  if (rule.accountId !== undefined && rule.accountId !== target.accountId) return false;
  if (rule.locationId !== undefined && rule.locationId !== target.locationId) return false;
  if (rule.kind === 'expired-cursor' && !target.hasCursor) return false;
  return !LIST_ONLY.has(rule.kind) || target.isList;
}
