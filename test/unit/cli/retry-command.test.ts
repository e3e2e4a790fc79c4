import { describe, expect, test } from 'vitest';
import { commandLine, type FailedList, retryCommands } from '../../../src/cli/retry-command.ts';
import { everything, type Selection } from '../../../src/core/selection.ts';

const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  patients: ['allergies', 'problems'],
  labs: ['lab_values'],
};

const failed = (accountId: string | null, locationId: string | null, resource: string | null): FailedList => ({
  accountId,
  locationId,
  resource,
});

const commands = (lists: readonly FailedList[], selection: Selection = everything) =>
  retryCommands(lists, { kind: 'backfill', selection, childrenOf: (name) => CHILDREN[name] ?? [] });

describe('commands that read again what failed', () => {
  test('nothing failed, nothing to do', () => expect(commands([])).toEqual([]));

  test('locations that lack the same resource have one command', () => {
    expect(commands([failed('1', '12', 'invoices'), failed('1', '11', 'invoices')])).toEqual([
      'npx lobbie-sync backfill --account 1 --location 11 --location 12 --resource invoices',
    ]);
  });

  test('locations that lack different resources have several: one would read too much', () => {
    expect(commands([failed('1', '11', 'invoices'), failed('1', '12', 'forms')])).toEqual([
      'npx lobbie-sync backfill --account 1 --location 11 --resource invoices',
      'npx lobbie-sync backfill --account 1 --location 12 --resource forms',
    ]);
  });

  test('accounts are kept apart', () => {
    expect(commands([failed('1', null, 'staff'), failed('2', null, 'staff')])).toHaveLength(2);
  });

  test('what hangs below a list that failed is read again, too, where it was wanted', () => {
    expect(commands([failed('1', null, 'patients')])).toEqual([
      'npx lobbie-sync backfill --account 1 --resource allergies --resource patients --resource problems',
    ]);
    expect(commands([failed('1', null, 'patients')], { ...everything, resources: ['patients', 'problems'] })).toEqual([
      'npx lobbie-sync backfill --account 1 --resource patients --resource problems',
    ]);
  });

  test('without its locations nothing of an account was read', () => {
    const selection = { ...everything, resources: ['labs'] };
    expect(commands([failed('1', null, 'locations'), failed('1', '11', 'labs')], selection)).toEqual([
      'npx lobbie-sync backfill --account 1 --resource labs',
    ]);
  });

  test('lists of the token name no account', () => {
    expect(commands([failed(null, null, 'role_groups')])).toEqual(['npx lobbie-sync backfill --resource role_groups']);
  });

  test('what a run was narrowed to stays in its command', () => {
    const target = { from: '2026-01-01T00:00:00Z', to: null };
    expect(commandLine('backfill', { ...everything, target })).toBe(
      'npx lobbie-sync backfill --from 2026-01-01T00:00:00Z',
    );
    expect(commandLine('backfill', { ...everything, target: { patients: ['7', '8'] } })).toBe(
      'npx lobbie-sync backfill --patient 7 --patient 8',
    );
    const selection = { ...everything, target };
    expect(commands([failed('1', '11', 'invoices')], selection)).toEqual([
      'npx lobbie-sync backfill --account 1 --location 11 --resource invoices --from 2026-01-01T00:00:00Z',
    ]);
  });
});
