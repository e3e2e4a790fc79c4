import { expect, test } from 'vitest';
import { massChangeAlert } from '../../../src/app/daemon.ts';
import { massChangeLines } from '../../../src/cli/mass-change-text.ts';
import type { MassChange } from '../../../src/state/mass-changes.ts';

const change: MassChange = {
  runId: '9',
  at: new Date('2026-01-02T02:00:00Z'),
  accountId: '7',
  locationId: null,
  resource: 'patients',
  changed: 810,
  rows: 1000,
  hintsDeferred: 4050,
};

test('a mass change is an alert with names, ids and counts', () => {
  expect(massChangeAlert([change])).toEqual({
    key: 'mass_change',
    message: 'an unusual part of a list changed in one nightly sync (patients of account 7: 810 of 1000 rows)',
  });
});

test('a mass change is a line of status and of the run, with what waits', () => {
  expect(massChangeLines([change, { ...change, locationId: '70', resource: 'labs', hintsDeferred: 0 }])).toEqual([
    '  patients of account 7: 810 of 1,000 rows (81 %); 4,050 lists below it wait for the rotation',
    '  labs of account 7, location 70: 810 of 1,000 rows (81 %)',
  ]);
});
