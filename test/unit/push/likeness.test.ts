import { describe, expect, test } from 'vitest';
import { likenessOfPatient, likenessOfVisit } from '../../../src/push/search.ts';

const ANN = { firstName: 'Ann', lastName: 'Lee', email: 'ann@example.com', dateOfBirth: '1990-01-15' };
const { email: _email, dateOfBirth: _birthday, ...NAMED } = ANN;

describe('a patient', () => {
  test.each<[string, object, object, string]>([
    ['all of it', ANN, ANN, 'same'],
    [
      'case and spaces',
      { ...ANN, firstName: 'Ann  Marie' },
      { ...ANN, firstName: 'ann marie', email: 'ANN@example.com' },
      'same',
    ],
    ['a birth date that the list leaves out', ANN, { ...NAMED, email: ANN.email }, 'likely'],
    ['no birth date sent', { ...NAMED, email: ANN.email }, ANN, 'likely'],
    ['the name, and nothing else on either side', NAMED, { ...NAMED, email: null, dateOfBirth: null }, 'image'],
    ['the name alone, of somebody who has more', NAMED, ANN, 'perhaps'],
    ['the name alone, of somebody with a phone', NAMED, { ...NAMED, mobilePhone: '12125550100' }, 'perhaps'],
    ['no name in the list', ANN, { email: ANN.email, dateOfBirth: ANN.dateOfBirth }, 'perhaps'],
    ['another name, the rest alike', ANN, { ...ANN, firstName: 'Anne' }, 'perhaps'],
    ['a child with the address of its mother', ANN, { ...ANN, firstName: 'Tim', dateOfBirth: '2015-01-01' }, 'other'],
    ['another birth date', ANN, { ...ANN, dateOfBirth: '1991-01-15' }, 'other'],
    ['another address', ANN, { ...ANN, email: 'other@example.com' }, 'other'],
    ['an address that is empty there', ANN, { ...ANN, email: null }, 'other'],
  ])('%s', (_name, sent, record, likeness) => {
    expect(likenessOfPatient(sent as never, record as never)).toBe(likeness);
  });
});

describe('a visit', () => {
  const sent = { patientId: 1, practitionerId: 2, startTime: '2027-01-05T09:00:00-05:00' };
  test.each<[string, object, string]>([
    ['at the same instant', { ...sent, startTime: '2027-01-05T14:00:00Z', status: 'CONFIRMED' }, 'same'],
    ['with ids as text', { ...sent, patientId: '1', practitionerId: '2' }, 'same'],
    ['that is over', { ...sent, status: 'CANCELLED' }, 'perhaps'],
    ['whose practitioner the list leaves out', { patientId: 1, startTime: sent.startTime }, 'perhaps'],
    ['of another patient', { ...sent, patientId: 9 }, 'other'],
    ['with another practitioner', { ...sent, practitionerId: 9 }, 'other'],
    ['at another time', { ...sent, startTime: '2027-01-05T09:30:00-05:00' }, 'other'],
  ])('%s', (_name, record, likeness) => {
    expect(likenessOfVisit(sent, record as never)).toBe(likeness);
  });

  test('booked without a patient is searched for without a patient', () => {
    const { patientId: _patient, ...rest } = sent;
    expect(likenessOfVisit(rest, sent)).toBe('same');
  });
});
