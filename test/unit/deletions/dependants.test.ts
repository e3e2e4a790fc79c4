import { expect, test } from 'vitest';
import { dependants } from '../../../src/deletions/deletions.ts';

const below = (name: string) => dependants(name).map(({ resource, column }) => `${resource.name}.${column}`);

test('what is read below a parent hangs below it by the column of its id, in every table that has it', () => {
  expect(below('invoices')).toContain('invoice_line_items.invoice_id');
  for (const name of ['patients', 'invoices', 'labs', 'form_templates']) {
    for (const { resource, column } of dependants(name)) expect(resource.context).toContain(column);
  }
});

test('a list below a parent does not hang below another one', () => {
  expect(below('patients')).not.toContain('invoice_line_items.invoice_id');
  expect(below('invoices').every((each) => each.endsWith('.invoice_id'))).toBe(true);
});

test('nothing hangs below what is no parent', () => {
  expect(below('locations')).toEqual([]);
  expect(below('role_groups')).toEqual([]);
});
