import { expect, test } from 'vitest';
import { snakeCase } from '../../../src/core/names.ts';

test.each([
  ['id', 'id'],
  ['firstName', 'first_name'],
  ['icd10Code', 'icd10_code'],
  ['address1', 'address1'],
  ['cardLast4', 'card_last4'],
  ['patientID', 'patient_id'],
  ['PDFUrl', 'pdf_url'],
  ['collectedOn', 'collected_on'],
  ['order', 'order'],
])('%s becomes %s', (name, column) => {
  expect(snakeCase(name)).toBe(column);
  expect(snakeCase(column)).toBe(column);
});
