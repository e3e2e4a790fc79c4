import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needsPerson } from '../../../src/deletions/deletions.ts';
import { verdicts } from '../../../src/deletions/judge.ts';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import { rotationQuota } from '../../../src/nightly/children.ts';
import { targetWithin } from '../../../src/nightly/plan.ts';
import { dueFullRereads, type FullReread } from '../../../src/nightly/rotation.ts';
import { decideOutcome, type Ending } from '../../../src/runs/outcome.ts';
import type { SweepRow } from '../../../src/state/passes.ts';
import type { Unit } from '../../../src/streams/context.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-01-15T02:00:00Z');

describe('rotationQuota', () => {
  test.each([
    [{ total: 0, overdue: 0 }, 30, 0],
    [{ total: 1, overdue: 0 }, 30, 1],
    [{ total: 280, overdue: 0 }, 30, 10],
    [{ total: 281, overdue: 0 }, 30, 11],
    [{ total: 280, overdue: 200 }, 30, 200],
    [{ total: 5, overdue: 0 }, 1, 5],
    [{ total: 5, overdue: 0 }, 2, 5],
  ])('of %o within %i days is %i', (counts, days, share) => {
    expect(rotationQuota(counts, days)).toBe(share);
  });

  test('brings all parents round within the days, whatever their ages were', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 29 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 3, max: 30 }),
        (ages, days) => {
          // Age in nights of each parent's last check; the oldest share of them is checked every night.
          let checked = ages.map((age) => -(age % (days - 1)));
          for (let night = 1; night <= 2 * days; night += 1) {
            const overdue = checked.filter((at) => night - at > days - 1).length;
            const share = rotationQuota({ total: checked.length, overdue }, days);
            checked = checked.sort((a, b) => a - b).map((at, index) => (index < share ? night : at));
            expect(Math.max(...checked.map((at) => night - at))).toBeLessThan(days);
          }
        },
      ),
    );
  });
});

const unit = (id: number): Unit => ({
  resource: resourceNamed('labs'),
  read: resourceNamed('labs').reads[0] as Unit['read'],
  accountId: '1',
  locationId: String(id),
});
const reread = (id: number, nightsAgo: number | null, cost: number): FullReread => ({
  unit: unit(id),
  lastAt: nightsAgo === null ? null : new Date(NOW - nightsAgo * DAY_MS),
  cost,
});
const chosen = (rereads: readonly FullReread[], days = 30) =>
  dueFullRereads(rereads, days, new Date(NOW)).map(({ unit: { locationId } }) => Number(locationId));

describe('dueFullRereads', () => {
  test('takes the oldest as far as was saved up for them', () => {
    expect(chosen([])).toEqual([]);
    // Three lists of two requests: one is due every ninth night.
    expect(chosen([reread(1, 3, 2), reread(2, 20, 2), reread(3, 14, 2)])).toEqual([]);
    expect(chosen([reread(1, 10, 2), reread(2, 20, 2), reread(3, 14, 2)])).toEqual([2]);
    // A twenty-eighth of 84 requests is 3.
    expect(chosen([reread(1, 9, 2), reread(2, 8, 2), reread(3, 7, 80)])).toEqual([1, 2]);
  });

  test('waits with a list that costs more than was saved up, and does not hold up the others for it', () => {
    expect(chosen([reread(1, 9, 5000), reread(2, 8, 2)])).toEqual([2]);
    expect([9, 27, 28].map((nights) => chosen([reread(1, nights, 20_000)]))).toEqual([[], [], [1]]);
  });

  test('a long list alone is read as often as the plan says: once in 28 nights', () => {
    let list = reread(1, 0, 20_000);
    const nights: number[] = [];
    for (let night = 1; night <= 60; night += 1) {
      const now = new Date(NOW + night * DAY_MS);
      if (dueFullRereads([list], 30, now).length === 0) continue;
      nights.push(night);
      list = { ...list, lastAt: now };
    }
    expect(nights).toEqual([28, 56]);
  });

  test('takes what was never read first, and everything that is late', () => {
    expect(chosen([reread(1, 9, 2), reread(2, null, 2), reread(3, 7, 2)])).toEqual([2]);
    expect(chosen([reread(1, 31, 90), reread(2, 30, 90), reread(3, 5, 90)])).toEqual([1, 2]);
    expect(chosen([reread(1, null, 90), reread(2, null, 90), reread(3, 5, 90)])).toEqual([1, 2]);
  });

  test('leaves out what was read half a day ago or later', () => {
    expect(chosen([reread(1, 0.4, 2), reread(2, 0, 2)])).toEqual([]);
    expect(chosen([reread(1, 0.4, 2), reread(2, 29.4, 2)])).toEqual([2]);
  });

  test('brings every list round within the days, whatever ages and costs are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ age: fc.nat({ max: 60 }), cost: fc.integer({ min: 2, max: 5000 }) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 3, max: 30 }),
        (lists, days) => {
          let rereads = lists.map(({ age, cost }, index) => reread(index, age % days === 0 ? null : age % days, cost));
          for (let night = 0; night < 2 * days; night += 1) {
            const now = new Date(NOW + night * DAY_MS);
            const tonight = new Set(dueFullRereads(rereads, days, now));
            rereads = rereads.map((each) => (tonight.has(each) ? { ...each, lastAt: now } : each));
            for (const { lastAt } of rereads) {
              if (lastAt === null) expect.fail('a list that was never read waits');
              expect((now.getTime() - lastAt.getTime()) / DAY_MS).toBeLessThan(days);
            }
          }
        },
      ),
    );
  });

  test('spreads them: no night takes more than a quota and what the longest list had to save up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 300 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 3, max: 30 }),
        (costs, days) => {
          let rereads = costs.map((cost, index) => reread(index, 1, cost));
          const share = costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, days - 2);
          for (let night = 0; night < 3 * days; night += 1) {
            const now = new Date(NOW + night * DAY_MS);
            const tonight = dueFullRereads(rereads, days, now);
            const spent = tonight.reduce((sum, { cost }) => sum + cost, 0);
            expect(spent).toBeLessThan(share + Math.max(...costs));
            const done = new Set(tonight);
            rereads = rereads.map((each) => (done.has(each) ? { ...each, lastAt: now } : each));
          }
        },
      ),
    );
  });
});

describe('targetWithin', () => {
  test.each<[string, [number, number, number | null, number], { days: number | null; budgetForFloor: number }]>([
    ['no budget meets the target', [100, 2800, null, 30], { days: 30, budgetForFloor: 200 }],
    ['just enough', [100, 2800, 200, 30], { days: 30, budgetForFloor: 200 }],
    ['one too few', [100, 2800, 199, 30], { days: 29, budgetForFloor: 200 }],
    ['half of it', [100, 2800, 150, 30], { days: 56, budgetForFloor: 200 }],
    ['nothing left for the rotation', [100, 2800, 100, 30], { days: null, budgetForFloor: 200 }],
    ['less than the nightly parts', [100, 2800, 50, 30], { days: null, budgetForFloor: 200 }],
    ['nothing to rotate', [100, 0, 50, 30], { days: 30, budgetForFloor: 100 }],
    ['a target of one day', [100, 2800, null, 1], { days: 1, budgetForFloor: 2900 }],
  ])('%s', (_name, [nightly, round, budget, days], target) => {
    expect(targetWithin(nightly, round, budget, days)).toEqual(target);
  });

  test('what is left, times the days, is at least the round', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat({ max: 20_000 }),
        fc.integer({ min: 1, max: 90 }),
        (nightly, round, budget, targetDays) => {
          const { days, budgetForFloor } = targetWithin(nightly, round, budget, targetDays);
          expect(budgetForFloor).toBeGreaterThanOrEqual(nightly);
          if (days !== null)
            expect((Math.min(budget, round + nightly) - nightly) * days).toBeGreaterThanOrEqual(
              Math.min(round, budget),
            );
        },
      ),
    );
  });
});

describe('needsPerson', () => {
  test.each<[number, number, number, boolean]>([
    [5, 100, 0.05, false],
    [6, 100, 0.05, true],
    [1, 19, 0.05, true],
    [1, 20, 0.05, false],
    [0, 0, 0.05, false],
    [0, 10, 0, false],
    [1, 10, 0, true],
    [10, 10, 1, false],
  ])('%i of %i at %d: %s', (candidates, total, threshold, person) => {
    expect(needsPerson(candidates, total, threshold)).toBe(person);
  });
});

describe('verdicts', () => {
  let next = 0;
  const sweep = (place: number, more: Partial<SweepRow> = {}): SweepRow => {
    next += 1;
    return {
      id: String(next),
      location_id: String(place),
      operation: 'list',
      status: 'certified',
      whole: true,
      rows_rejected: '0',
      started_at: new Date(NOW),
      finished_at: null,
      ...more,
    };
  };
  const unsound: [string, Partial<SweepRow>][] = [
    ['open', { status: 'open' }],
    ['failed', { status: 'failed' }],
    ['a look at a part', { whole: false }],
    ['with a reject', { rows_rejected: '1' }],
  ];
  const places = (name: string, sweeps: readonly SweepRow[], complete = true) =>
    verdicts(resourceNamed(name), sweeps, complete).map(({ sweeps: own, locationId }) => [own.length, locationId]);

  test('each location is a proof of its own where rows belong to one location', () => {
    expect(places('labs', [sweep(1), sweep(2)])).toEqual([
      [1, '1'],
      [1, '2'],
    ]);
    expect(places('labs', [sweep(1), sweep(2)], false)).toHaveLength(2);
    expect(places('patients', [sweep(0)])).toEqual([[1, null]]);
    expect(places('labs', [])).toEqual([]);
  });

  test('all locations are one proof together where several serve the same rows', () => {
    for (const name of ['form_templates', 'form_template_groups', 'remote_care_services']) {
      expect(places(name, [sweep(1), sweep(2)])).toEqual([[2, null]]);
      expect(places(name, [sweep(1), sweep(2)], false)).toEqual([]);
      expect(places(name, [])).toEqual([]);
    }
  });

  test.each(unsound)('a sweep that is %s proves nothing', (_name, more) => {
    expect(places('labs', [sweep(1, more), sweep(2)])).toEqual([[1, '2']]);
    expect(places('form_templates', [sweep(1, more), sweep(2)])).toEqual([]);
    expect(places('patients', [sweep(0, more)])).toEqual([]);
  });
});

describe('decideOutcome of a delivery', () => {
  const calm: Ending = { stopped: 0, failed: 0, busy: 0, gaps: 0, held: 0, refused: false };

  test('reports what waits for a person before what could not be delivered', () => {
    expect(decideOutcome({ ...calm, undelivered: 3 })).toEqual({
      status: 'partial',
      exitCode: 4,
      message: '3 changes could not be delivered',
    });
    const both = decideOutcome({ ...calm, undelivered: 3, undecided: 2 });
    expect(both).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(both.message).toMatch(/^2 changes wait for a person.*; 3 changes could not be delivered$/);
    expect(decideOutcome({ ...calm, undecided: 2, stopped: 1 })).toMatchObject({ status: 'incomplete', exitCode: 5 });
  });
});

test('decideOutcome: rows that may be gone are no success', () => {
  const calm: Ending = { stopped: 0, failed: 0, busy: 0, gaps: 0, held: 0, refused: false };
  expect(decideOutcome({ ...calm, unproven: 2 })).toEqual({
    status: 'partial',
    exitCode: 4,
    message: '2 rows may be gone, and Lobbie gave no usable answer about them',
  });
  expect(decideOutcome({ ...calm, unproven: 0 })).toMatchObject({ status: 'succeeded', exitCode: 0 });
});

describe('decideOutcome with held deletes', () => {
  const calm: Ending = { stopped: 0, failed: 0, busy: 0, gaps: 0, held: 0, refused: false };

  test('needs a person, and says how many wait', () => {
    expect(decideOutcome({ ...calm, held: 7 })).toEqual({
      status: 'partial',
      exitCode: 6,
      message: '7 deletes wait for a person',
    });
    expect(decideOutcome(calm)).toEqual({ status: 'succeeded', exitCode: 0, message: null });
  });

  test.each<[string, Partial<Ending>, number]>([
    ['a list that failed', { failed: 1 }, 4],
    ['a list that another run reads', { busy: 1 }, 4],
    ['an early end', { stopped: 1 }, 5],
    ['a gap', { gaps: 1 }, 7],
  ])('%s counts for more', (_name, more, exitCode) => {
    const outcome = decideOutcome({ ...calm, held: 7, ...more });
    expect(outcome.exitCode).toBe(exitCode);
    expect(outcome.message).toContain('7 deletes wait for a person');
  });
});
