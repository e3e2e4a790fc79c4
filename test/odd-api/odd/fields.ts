import { hash } from '../random.ts';
import type { Row } from '../world/collection.ts';
import type { Picked } from './pick.ts';
import { perField, perRecord } from './pick.ts';
import type { Odd } from './types.ts';

/** The keys in another order, at every depth. */
function shuffled(value: unknown, salt: string): unknown {
  if (Array.isArray(value)) return value.map((part) => shuffled(part, salt));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value as Row).sort(
    ([left], [right]) => hash(`${salt}/${left}`) - hash(`${salt}/${right}`),
  );
  return Object.fromEntries(entries.map(([key, part]) => [key, shuffled(part, salt)]));
}

/** Adds a field to the objects inside a record, at every depth. A map of free names is no record: a field there would be an answer. */
function within(record: Row, field: string, added: unknown): Row {
  const inner = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(inner);
    return isPlain(part) ? { ...within(part, field, added), [field]: added } : part;
  };
  return Object.fromEntries(
    Object.entries(record).map(([name, part]) => [name, name === 'mappedAnswers' ? part : inner(part)]),
  );
}

const isPlain = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const MOVING = {
  instant: (n: number, now: number) => new Date(now + n).toISOString(),
  url: (n: number) => `https://files.example.test/photo.jpg?expires=${n}&sig=${hash(String(n)).toString(16)}`,
  number: (n: number) => n,
};

export const fieldKinds = {
  /** The keys of every record in another order at each answer. */
  'shuffled-keys': (picked: Picked): Odd =>
    perRecord(picked, (record, _index, call) => shuffled(record, String(call.n))),

  /** A field with another value at each answer: `servedAt`, a signed URL, a count. */
  'moving-field': ({
    field = 'servedAt',
    form = 'instant',
    ...picked
  }: Picked & { field?: string; form?: keyof typeof MOVING }): Odd =>
    perRecord(picked, (record, _index, call) => ({ ...record, [field]: MOVING[form](call.n, call.now) })),

  /** The same on the objects inside records: answers, panels, line items, addresses. */
  'moving-inside': ({ field = 'servedAt', ...picked }: Picked & { field?: string }): Odd =>
    perRecord(picked, (record, _index, call) => within(record, field, call.n)),

  /** A field that no contract knows, on every record from now on. */
  'new-field': ({
    field = 'loyaltyTier',
    value = 'silver',
    ...picked
  }: Picked & { field?: string; value?: unknown }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: value })),

  /** A known field with a value of choice. */
  'set-field': ({ field, value, ...picked }: Picked & { field: string; value: unknown }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: value })),

  /** A known field that is not sent any more. */
  'drop-field': ({ field, ...picked }: Picked & { field: string }): Odd =>
    perRecord(picked, (record) => Object.fromEntries(Object.entries(record).filter(([key]) => key !== field))),

  /** Labs that get their panels later: they have none while this is on, on their list, by id and as components. */
  'lab-panels-later': (picked: Picked): Odd => {
    const without = perField(picked, 'testPanels', () => null);
    return {
      handle: async (call, next) => {
        if (call.op !== 'listTestComponents') return without.handle?.(call, next) ?? next();
        const lab = call.params['labId'];
        const meant = picked.ids === undefined || (lab !== undefined && picked.ids.includes(lab));
        const found = await next();
        return meant && found.status === 200 ? { ...found, json: { testComponents: [] } } : found;
      },
    };
  },
};
