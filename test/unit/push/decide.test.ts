import { describe, expect, test } from 'vitest';
import { type Decidable, decideChange } from '../../../src/push/decide.ts';
import type { Reading } from '../../../src/push/lobbie.ts';

const base = { id: 5, email: 'was@example.com', gender: 'Male' };
const row = (more: Partial<Decidable> = {}): Decidable => ({
  ...{ resource: 'patients', operation: 'update', targetId: '5', base, resolution: {} },
  ...more,
});
const found = (more: object = {}): Reading => ({ found: 'record', record: { ...base, ...more }, readAt: new Date(0) });
const wanted = { email: 'mine@example.com' };
const kindOf = (now: Reading, more: Partial<Decidable> = {}, policies = {}) =>
  decideChange(row(more), more.operation === 'delete' ? {} : wanted, now, policies).kind;

describe('an update', () => {
  test('sends what differs, and only that', () => {
    const decision = decideChange(row(), { ...wanted, gender: 'Male' }, found(), {});
    expect(decision).toMatchObject({ kind: 'send', body: wanted });
    expect(decision.fields.map(({ verdict }) => verdict)).toEqual(['send', 'already']);
  });

  test('has nothing to do where Lobbie has the value', () => expect(kindOf(found(wanted))).toBe('nothing'));

  test('is a conflict where both changed, unless a policy or a person decided', () => {
    const theirs = found({ email: 'theirs@example.com' });
    expect(decideChange(row(), wanted, theirs, {})).toMatchObject({ kind: 'conflict', conflicts: ['email'] });
    expect(kindOf(theirs, {}, { 'patients.email': 'ours' })).toBe('send');
    expect(kindOf(theirs, {}, { 'patients.email': 'theirs' })).toBe('nothing');
    expect(kindOf(theirs, {}, { 'appointments.email': 'theirs' })).toBe('conflict');
    expect(kindOf(theirs, { resolution: { email: 'theirs' } })).toBe('nothing');
  });

  test('is missing where Lobbie has no such record, or another one', () => {
    expect(kindOf({ found: 'none' })).toBe('missing');
    expect(decideChange(row(), wanted, { found: 'another', id: '7' }, {})).toMatchObject({
      ...{ kind: 'missing', error: expect.stringContaining('7') },
    });
  });
});

describe('a delete', () => {
  const operation = 'delete';
  test('is sent where the record is as it was', () => expect(kindOf(found({ seen: 1 }), { operation })).toBe('send'));
  test('is a conflict where any writable field has changed', () =>
    expect(kindOf(found({ gender: 'Other' }), { operation })).toBe('conflict'));
  test('has nothing to do where the record is gone', () =>
    expect(kindOf({ found: 'none' }, { operation })).toBe('nothing'));
  test('never takes the record that stands in the place of another', () =>
    expect(kindOf({ found: 'another', id: '7' }, { operation })).toBe('missing'));
});
