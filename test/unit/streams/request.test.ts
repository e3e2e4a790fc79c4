import { describe, expect, test } from 'vitest';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { RunContext, Unit } from '../../../src/streams/context.ts';
import { parentsQuery } from '../../../src/streams/parents.ts';
import { pathContext, requestFor } from '../../../src/streams/request.ts';
import { planUnits } from '../../../src/streams/units.ts';

function unit(name: string, account = '1001'): Unit {
  const [plan] = planUnits([resourceNamed(name)], account, ['5'], (read) => read);
  if (plan === undefined) throw new Error(`${name} has no unit`);
  return plan.unit;
}

/** What a request would be sent with. */
async function asked(...[of, options]: [Unit, Parameters<typeof requestFor>[2]]): Promise<unknown[]> {
  const calls: unknown[][] = [];
  const context = {
    api: {
      callRaw: async (...given: unknown[]) => {
        calls.push(given);
        return { body: {}, sentAt: new Date(0) };
      },
    },
    stop: { signal: undefined },
    counters: { request: () => undefined },
  } as unknown as RunContext;
  await requestFor(context, of, options);
  return calls[0]?.slice(0, 2) ?? [];
}

describe('a request', () => {
  test('of a list has account, location, page size and cursor', async () => {
    expect(await asked(unit('appointments'), { cursor: 'c', limit: 100, query: { startDate: 'x' } })).toEqual([
      'listAppointments',
      { accountId: '1001', locationId: '5', startDate: 'x', limit: 100, cursor: 'c' },
    ]);
    expect(await asked(unit('patients'), { cursor: null, limit: 100 })).toEqual([
      'listPatients',
      { accountId: '1001', limit: 100 },
    ]);
  });

  test('of a list below a parent has the parent in its path, and its own query', async () => {
    expect(await asked(unit('forms'), { path: { formPacketId: '40' } })).toEqual([
      'getFormPacket',
      { accountId: '1001', locationId: '5', formPacketId: '40', includeAnswers: true },
    ]);
  });

  test('of the token names no account', async () => {
    expect(await asked(unit('role_groups', '0'), {})).toEqual(['listRoleGroups', {}]);
  });
});

test('the path gives a row its location and parent', () => {
  expect(pathContext(unit('patients'))).toEqual({});
  expect(pathContext(unit('labs'))).toEqual({ location_id: '5' });
  expect(pathContext(unit('forms'), '40')).toEqual({ location_id: '5', form_packet_id: '40' });
});

describe('the parents of a unit', () => {
  test('are selected by id, in order, in bounded steps, without deleted ones', () => {
    const { text, values } = parentsQuery(unit('invoice_line_items'), '7');
    expect(values).toEqual(['1001', '5', '7']);
    expect(text).toMatch(/FROM lobbie\."invoices" p WHERE .*p\._deleted_at IS NULL.* ORDER BY p\.id LIMIT \d+$/);
  });

  test('that lie in an array are its elements, each once', () => {
    const { text, values } = parentsQuery(unit('self_scheduling_settings'), null);
    expect(values).toEqual(['1001', null]);
    expect(text).toContain('SELECT DISTINCT');
  });

  test('are not selected where there are none', () => {
    expect(() => parentsQuery(unit('patients'), null)).toThrow(TypeError);
  });
});
