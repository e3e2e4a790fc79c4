import { describe, expect, test } from 'vitest';
import { likenessOfPatient, likenessOfVisit } from '../../../src/push/likeness.ts';

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
    ['another birth date, the rest alike', ANN, { ...ANN, dateOfBirth: '1991-01-15' }, 'perhaps'],
    ['another address, the rest alike', ANN, { ...ANN, email: 'other@example.com' }, 'perhaps'],
    ['an address that is empty there', ANN, { ...ANN, email: null }, 'perhaps'],
    [
      'the name alone, of somebody with another address',
      { ...NAMED, email: ANN.email },
      { ...NAMED, email: 'x@example.com' },
      'other',
    ],
    [
      'the name alone, of somebody who has no address',
      { ...NAMED, email: ANN.email },
      { ...NAMED, email: null },
      'perhaps',
    ],
    ['quotes and hyphens', { ...ANN, lastName: "O'Neil-Day" }, { ...ANN, lastName: 'O’Neil Day' }, 'same'],
    ['marks', { ...ANN, lastName: 'Müller-Łaß' }, { ...ANN, lastName: 'Muller-Lass' }, 'same'],
    ['another letter', { ...ANN, lastName: 'Müller' }, { ...ANN, lastName: 'Miller' }, 'perhaps'],
    ['names of other signs only', { firstName: '?', lastName: '!' }, { firstName: '?', lastName: '-' }, 'other'],
    [
      'the name and the phone, the rest unlike',
      { ...ANN, mobilePhone: '212 555 0100' },
      { ...NAMED, email: 'x@example.com', dateOfBirth: '1991-01-15', mobilePhone: '12125550100' },
      'perhaps',
    ],
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
    ['at another time of the day', { ...sent, startTime: '2027-01-05T09:30:00-05:00' }, 'perhaps'],
    ['at the time of the place, without its offset', { ...sent, startTime: '2027-01-05T09:00:00' }, 'perhaps'],
    ['at a time in another form', { ...sent, startTime: 'Jan 5' }, 'perhaps'],
    ['14 hours later', { ...sent, startTime: '2027-01-06T04:00:00Z' }, 'perhaps'],
    ['on another day', { ...sent, startTime: '2027-01-06T04:00:01Z' }, 'other'],
  ])('%s', (_name, record, likeness) => {
    expect(likenessOfVisit(sent, record as never)).toBe(likeness);
  });

  test('booked without a patient is searched for without a patient', () => {
    const { patientId: _patient, ...rest } = sent;
    expect(likenessOfVisit(rest, sent)).toBe('same');
  });
});
