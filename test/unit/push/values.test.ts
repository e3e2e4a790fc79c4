import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WritableKind } from '../../../src/core/writable.ts';
import { checkValue, meaning, same } from '../../../src/push/values.ts';

const NOW = new Date('2026-01-15T12:00:00Z');
const kinds: readonly WritableKind[] = [
  'name',
  'text',
  'email',
  'phone',
  'birthday',
  'id',
  'patient',
  'instant',
  'status',
];
const check = (kind: WritableKind, value: unknown) => checkValue(kind, value, NOW);

describe('values', () => {
  test.each<[WritableKind, unknown, unknown]>([
    ['name', ' Zoë ', ' Zoë '],
    ['text', '', ''],
    ['email', 'a.b+c@example.co.uk', 'a.b+c@example.co.uk'],
    ['email', 'jürgen@exämple.de', 'jürgen@exämple.de'],
    ['phone', '+1 (415) 555-1234', '+1 (415) 555-1234'],
    ['birthday', '1990-01-15', '1990-01-15'],
    ['birthday', '2026-01-16', '2026-01-16'],
    ['id', 5, 5],
    ['id', '5', 5],
    ['id', '9223372036854775807', 9223372036854775807n],
    ['patient', { externalRef: 'crm-1' }, { externalRef: 'crm-1' }],
    ['patient', 17, 17],
    ['instant', '2026-01-15T09:00:00-05:00', '2026-01-15T09:00:00-05:00'],
    ['instant', '2026-01-15T14:00Z', '2026-01-15T14:00Z'],
    ['status', 'CANCELLED', 'CANCELLED'],
  ])('%s takes %j', (kind, value, sent) => {
    expect(check(kind, value)).toEqual({ value: sent });
  });

  test.each<[WritableKind, unknown]>([
    ['name', '   '],
    ['name', 5],
    ['name', 'a\0b'],
    ['text', '\ud800'],
    ['email', 'nobody'],
    ['email', 'a@b@c.d'],
    ['phone', '555-CALL-NOW'],
    ['phone', '1234567890123456'],
    ['birthday', '1990-02-30'],
    ['birthday', '2026-01-17'],
    ['birthday', 5],
    ['id', 0],
    ['id', -1],
    ['id', 1.5],
    ['id', '9223372036854775808'],
    ['id', ''],
    ['patient', { externalRef: '' }],
    ['patient', { externalRef: 5 }],
    ['patient', { externalRef: 'a', id: 5 }],
    ['instant', '2026-01-15T09:00:00'],
    ['instant', '2026-01-15'],
    ['instant', '2026-02-30T09:00:00Z'],
    ['status', 'cancelled'],
    ['status', 'VOIDED'],
  ])('%s refuses %j', (kind, value) => {
    expect(check(kind, value)).toEqual({ problem: expect.any(String) });
  });

  test('a problem never repeats the value', () => {
    const value = fc.oneof(fc.string({ minLength: 12 }), fc.object(), fc.array(fc.string({ minLength: 12 })));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), value, (kind, each) => {
        const result = check(kind, each);
        if ('problem' in result && typeof each === 'string') expect(result.problem).not.toContain(each);
        if (!('problem' in result)) expect(result.value).toBeDefined();
      }),
    );
  });
});

describe('values that mean the same', () => {
  test.each<[WritableKind, unknown, unknown]>([
    ['email', 'Ann@Example.com', 'ann@example.com'],
    ['phone', '(415) 555-1234', '14155551234'],
    ['phone', '+1 415 555 1234', '14155551234'],
    ['phone', '415.555.1234', '+14155551234'],
    ['phone', '1 (415) 555-1234', '4155551234'],
    ['phone', '011 44 20 7946 0958', '442079460958'],
    ['phone', '+44 (0)20 7946 0958', '442079460958'],
    ['phone', '+49 30 123456', '4930123456'],
    ['phone', '+39 06 1234 5678', '390612345678'],
    ['phone', '12345', '1-23-45'],
    ['instant', '2026-01-15T09:00:00-05:00', '2026-01-15T14:00:00Z'],
    ['birthday', '1990-01-15', '1990-01-15T00:00:00Z'],
    ['id', 5, '5'],
    ['name', 'Zoe\u0308', 'Zoë'],
    ['text', '', null],
    ['text', null, undefined],
  ])('%s %j and %j', (kind, a, b) => {
    expect(same(kind, a, b)).toBe(true);
    expect(same(kind, b, a)).toBe(true);
  });

  test.each<[WritableKind, unknown, unknown]>([
    ['name', 'Ann', 'ann'],
    ['email', 'a@example.com', 'b@example.com'],
    ['phone', '14155551234', '24155551234'],
    ['phone', '+44 20 7946 0958', '+44 20 7946 0959'],
    ['phone', '+1 415 555 1234', '+44 4155551234'],
    ['instant', '2026-01-15T09:00:00Z', '2026-01-15T09:00:01Z'],
    ['text', 'x', null],
  ])('not %s %j and %j', (kind, a, b) => {
    expect(same(kind, a, b)).toBe(false);
  });

  test('an instant that is accepted has a number as its meaning, that of its ISO form', () => {
    const two = (n: number) => String(n).padStart(2, '0');
    const form = fc.record({
      at: fc.date({
        min: new Date('1901-01-01T00:00:00Z'),
        max: new Date('2099-12-31T00:00:00Z'),
        noInvalidDate: true,
      }),
      t: fc.constantFrom('T', ' '),
      fraction: fc.constantFrom('', '.5', ',5', '.123456'),
      hours: fc.integer({ min: -12, max: 14 }),
      zone: fc.constantFrom('short', 'colon', 'plain'),
    });
    fc.assert(
      fc.property(form, ({ at, t, fraction, hours, zone }) => {
        const local = new Date(Math.floor(at.getTime() / 1000) * 1000 + hours * 3_600_000).toISOString().slice(0, 19);
        const sign = `${hours < 0 ? '-' : '+'}${two(Math.abs(hours))}`;
        const offset = { short: sign, colon: `${sign}:00`, plain: `${sign}00` }[zone];
        const text = `${local.replace('T', t)}${fraction}${offset}`;
        const checked = check('instant', text);
        expect(checked).toHaveProperty('value');
        const ms = Math.floor(at.getTime() / 1000) * 1000 + { '': 0, '.5': 500, ',5': 500, '.123456': 123 }[fraction];
        expect(meaning('instant', text)).toBe(String(ms));
        // What is sent is read by everybody as the same instant.
        expect(Date.parse(String((checked as { value: unknown }).value))).toBe(ms);
      }),
    );
  });

  test('the relation is an equivalence for any values', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.anything(), (kind, value) => {
        expect(same(kind, value, value)).toBe(true);
        const once = meaning(kind, value);
        if (typeof value === 'string') expect(meaning(kind, once)).toBe(once);
      }),
    );
  });
});
