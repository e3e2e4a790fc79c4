import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/errors.ts';
import { checkResources, closest, distance, ids, names, readSelection, whole } from '../../../src/cli/options.ts';

const KNOWN = ['patients', 'patient_categories', 'labs', 'lab_test_panels', 'invoices', 'notifications'];

describe('options', () => {
  test('ids repeat, may be separated by commas, and are kept once', () => {
    expect(ids('2,3', ids('1', ids('2')))).toEqual(['2', '1', '3']);
    for (const bad of ['', 'x', '0', '-1', '1;2', '1.5', '12345678901234567890']) {
      expect(() => ids(bad)).toThrow(InvalidArgumentError);
    }
  });

  test('names repeat', () => {
    expect(names('labs', names('patients, invoices'))).toEqual(['patients', 'invoices', 'labs']);
    expect(() => names(' ,')).toThrow(InvalidArgumentError);
  });

  test('whole numbers have a least value', () => {
    expect(whole(0)('0')).toBe(0);
    expect(() => whole(1)('0')).toThrow(InvalidArgumentError);
    for (const bad of ['1e3', '-1', '1.5', '', '0x10']) expect(() => whole(0)(bad)).toThrow(InvalidArgumentError);
  });

  test('an unknown resource is refused with the close names', () => {
    expect(readSelection({ resource: ['labs'], account: ['1'] }, KNOWN)).toEqual({
      accounts: ['1'],
      locations: [],
      resources: ['labs'],
    });
    expect(() => checkResources(['patiens'], KNOWN)).toThrow(UsageError);
    expect(closest('patiens', KNOWN)[0]).toBe('patients');
    expect(closest('Invoice', KNOWN)).toContain('invoices');
    expect(closest('lab-test', KNOWN)).toContain('lab_test_panels');
    expect(closest('zzzzzzzz', KNOWN)).toEqual([]);
  });

  test('distance counts single changes', () => {
    expect([distance('', 'abc'), distance('abc', 'abc'), distance('kitten', 'sitting')]).toEqual([3, 0, 3]);
  });
});
