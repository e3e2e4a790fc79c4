import { describe, expect, test } from 'vitest';
import type { LobbieSyncError } from '../../../src/core/errors.ts';
import { acceptSingle, expectedOf, identify, idOf, refuseForeign } from '../../../src/extractors/answer.ts';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { Read } from '../../../src/extractors/resource.ts';

const readOf = (name: string): Read => resourceNamed(name).reads[0] as Read;

/** The code of the fault that an answer is refused for; undefined when it is accepted. */
function verdict(name: string, body: unknown, parentId?: string, locationId: string | null = null): string | undefined {
  const read = readOf(name);
  const expected = expectedOf(resourceNamed(name), read, { accountId: '1', locationId, parentId });
  try {
    if (read.listKey === undefined) acceptSingle(read, expected, body);
    else refuseForeign(read, expected, body as readonly unknown[]);
    return undefined;
  } catch (error) {
    return (error as LobbieSyncError).code;
  }
}

const ERROR_BODIES: readonly unknown[] = [
  { error: 'temporarily unavailable' },
  {},
  { success: false },
  { message: 'try again', requestId: 'r1' },
  { data: null },
  [],
  'ok',
  null,
  0,
];

describe.each([
  ['patient_categories', null],
  ['self_scheduling_settings', null],
  ['remote_care_settings', '7'],
  ['forms', '7'],
])('an answer of one object of %s', (name, locationId) => {
  test.each(ERROR_BODIES.map((body) => [body]))('is not %j', (body) => {
    expect(verdict(name, body, '5', locationId)).toBe('contract.not_a_record');
  });
});

describe('a category of a patient', () => {
  test.each([
    [{ patientId: 5, categoryId: 3, categoryName: 'A' }, undefined],
    [{ categoryId: 3 }, undefined],
    [{ patientId: 5, categoryId: null }, undefined],
    [{ patientId: '5', categoryId: '3' }, undefined],
    [{ patientId: 5 }, 'contract.not_a_record'],
    [{ categoryId: null, error: 'x' }, 'contract.not_a_record'],
    [{ patientId: 6, categoryId: 3 }, 'contract.foreign_row'],
    [{ accountId: 2, patientId: 5, categoryId: 3 }, 'contract.foreign_row'],
  ])('%j: %s', (body, code) => {
    expect(verdict('patient_categories', body, '5')).toBe(code);
  });
});

describe('a packet with its forms', () => {
  test.each([
    [{ id: 5, forms: [] }, undefined],
    [{ id: 5, forms: null }, undefined],
    [{ forms: [{ id: 1 }] }, undefined],
    [{ id: 5 }, 'contract.not_a_record'],
    [{ id: 5, forms: [], error: 'timeout' }, 'contract.not_a_record'],
    [{ id: 5, status: 'COMPLETED', forms: {} }, 'contract.not_a_record'],
    [{ forms: null }, 'contract.not_a_record'],
    [{ id: 6, forms: [] }, 'contract.other_record'],
    [{ id: 5, locationId: 8, forms: [] }, 'contract.foreign_row'],
  ])('%j: %s', (body, code) => {
    expect(verdict('forms', body, '5', '7')).toBe(code);
  });
});

describe('rows of a list', () => {
  test.each([
    ['allergies', [{ id: 1, patientId: 5 }, { id: 2 }, { id: 3, patientId: null }], undefined],
    ['allergies', [{ id: 1, patientId: '5' }], undefined],
    [
      'allergies',
      [
        { id: 1, patientId: 5 },
        { id: 2, patientId: 6 },
      ],
      'contract.foreign_row',
    ],
    ['invoice_line_items', [{ id: 1, invoiceId: 4 }], 'contract.foreign_row'],
    ['invoice_line_items', [{ id: 1, invoiceId: 5, locationId: 8 }], 'contract.foreign_row'],
    ['lab_test_components', [{ id: 1, labId: 4 }], 'contract.foreign_row'],
    // Rows that several locations share say nothing of the one they are served under.
    ['form_templates', [{ id: 1, locationId: 8 }], undefined],
  ])('%s %j: %s', (name, rows, code) => {
    expect(verdict(name, rows, '5', resourceNamed(name).scope === 'location' ? '7' : null)).toBe(code);
  });
});

describe('identify', () => {
  const patients = resourceNamed('patients');
  const id = { field: 'id', value: '5' };
  test.each([
    [{ id: 5, firstName: 'A' }, { kind: 'same' }],
    [{ id: '5', firstName: null }, { kind: 'same' }],
    [
      { id: 6, firstName: 'A' },
      { kind: 'other', id: '6' },
    ],
    [{ id: 5 }, { kind: 'none' }],
    [{ firstName: 'A' }, { kind: 'none' }],
    [{ error: 'x' }, { kind: 'none' }],
    [{ id: 5, firstName: null, lastName: null, error: 'timeout' }, { kind: 'none' }],
    [{ id: 5, firstName: 'A', success: false }, { kind: 'none' }],
    [undefined, { kind: 'none' }],
  ])('%j', (body, expected) => {
    expect(identify(patients, body, id)).toEqual(expected);
  });
});

test.each([
  [5, '5'],
  ['005', '5'],
  [' 5 ', '5'],
  ['9223372036854775807', '9223372036854775807'],
  [null, undefined],
  ['', undefined],
  ['a5', undefined],
  [1.5, undefined],
  [{}, undefined],
])('%j as an id is %j', (value, id) => {
  expect(idOf(value)).toBe(id);
});
