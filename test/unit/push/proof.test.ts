import { describe, expect, test } from 'vitest';
import { WRITABLE } from '../../../src/core/writable.ts';
import { proofByAnswer, proofByReading, proofOfCreate } from '../../../src/push/proof.ts';

const before = {
  ...{ id: 5, firstName: 'Ann', lastName: 'Lee', email: 'ann@example.com', gender: null, dateOfBirth: '1990-01-15' },
  ...{ mobilePhone: '12125550100', homeAddress: { city: 'Rome' }, tags: null, updatedAt: 'then' },
};
const sent = { email: 'New@example.com' };
const update = { fields: WRITABLE.patients, id: '5', sent, before };
const after = { ...before, email: 'new@example.com', updatedAt: 'now' };
const without = (record: object, name: string) =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
const unaltered = { fields: [], emptied: false };

describe('an answer to an update', () => {
  test('proves it with the id and the values, by what they mean', () => {
    expect(proofByAnswer(update, after)).toEqual({ kind: 'proven', seen: after, other: [], altered: unaltered });
    expect(proofByAnswer(update, { ...after, id: '5' }).kind).toBe('proven');
  });

  test.each<[string, Record<string, unknown> | undefined]>([
    ['that is none', undefined],
    ['that is empty', {}],
    ['that is an error', { success: false }],
    ['without an id', without(after, 'id')],
    ['with another id', { ...after, id: 6 }],
    ['without the value', without(after, 'email')],
    ['with the value of before', { ...after, email: before.email }],
    ['with another value', { ...after, email: 'x@example.com' }],
    ['that leaves out what was there', without(after, 'mobilePhone')],
  ])('%s proves nothing', (_name, answer) => {
    expect(proofByAnswer(update, answer)).toEqual({ kind: 'unproven' });
  });

  test('may leave out what was empty before', () => {
    expect(proofByAnswer(update, without(after, 'gender')).kind).toBe('proven');
  });

  test('names what was not sent and changed: writable fields, and any that lost their value', () => {
    const altered = (more: object) => {
      const proof = proofByAnswer(update, { ...after, ...more });
      return proof.kind === 'proven' ? proof.altered : proof;
    };
    expect(altered({ gender: 'Female' })).toEqual({ fields: ['gender'], emptied: false });
    expect(altered({ mobilePhone: '+1 212 555 0100' })).toEqual(unaltered);
    expect(altered({ mobilePhone: '' })).toEqual({ fields: ['mobilePhone'], emptied: true });
    expect(altered({ homeAddress: null })).toEqual({ fields: ['homeAddress'], emptied: true });
    expect(altered({ homeAddress: { city: 'Bern' }, tags: 'new' })).toEqual(unaltered);
    // It was sent: emptying it is no side effect.
    const cleared = { ...update, sent: { email: null } };
    expect(proofByAnswer(cleared, { ...after, email: null })).toMatchObject({ kind: 'proven', altered: unaltered });
  });
});

describe('a record that is read after an update', () => {
  test('proves it with the values; a key that is left out is empty', () => {
    expect(proofByReading(update, undefined, after)).toMatchObject({ kind: 'proven', altered: unaltered });
    expect(proofByReading(update, undefined, without(after, 'mobilePhone'))).toMatchObject({
      ...{ kind: 'proven', altered: { fields: ['mobilePhone'], emptied: true } },
    });
  });

  test('of another id, or of none, is another record', () => {
    expect(proofByReading(update, after, { ...after, id: 6 })).toEqual({ kind: 'another', id: '6' });
    expect(proofByReading(update, after, without(after, 'id'))).toMatchObject({ kind: 'another' });
  });

  test('with the value of before does not show it, whatever the answer said', () => {
    for (const answer of [undefined, after, { ...after, email: before.email }])
      expect(proofByReading(update, answer, before)).toEqual({ kind: 'absent', fields: ['email'] });
  });

  test('with a value of its own shows it only if the answer had the same', () => {
    const own = { ...after, email: 'n@example.com' };
    expect(proofByReading(update, own, own)).toMatchObject({ kind: 'proven', other: ['email'] });
    for (const answer of [undefined, { id: 5 }, { ...own, id: 6 }, { ...own, email: 'm@example.com' }])
      expect(proofByReading(update, answer, own)).toEqual({ kind: 'absent', fields: ['email'] });
  });
});

test('an answer to a create proves it with an id and all that was sent; fields that no record has do not count', () => {
  const changes = { firstName: 'Ann', lastName: 'Lee', schedulerConfigId: 8 };
  const proof = (seen: Record<string, unknown> | undefined) => proofOfCreate(WRITABLE.patients, changes, seen);
  expect(proof(after)).toMatchObject({ kind: 'proven' });
  expect(proof(undefined)).toEqual({ kind: 'unproven' });
  expect(proof(without(after, 'id'))).toEqual({ kind: 'unproven' });
  expect(proof({ id: 5, firstName: 'Ann' })).toEqual({ kind: 'absent', fields: ['lastName'] });
});
