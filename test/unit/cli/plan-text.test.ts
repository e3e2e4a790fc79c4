import { describe, expect, test } from 'vitest';
import type { NightlyPlan } from '../../../src/app/types.ts';
import { planCells, share, targetSentence, totalSentences } from '../../../src/cli/plan-text.ts';

const plan = (changes: Partial<NightlyPlan> = {}): NightlyPlan => ({
  lines: [
    { phase: 'whole lists', resource: 'patients', requests: 60, why: 'the whole list, 100 rows a request' },
    { phase: 'whole lists', resource: 'staff', requests: 1, why: 'the whole list, 100 rows a request' },
    { phase: 'rotation', resource: 'problems', requests: 1139, why: 'checked longest ago, all 32000 within 30 days' },
  ],
  requests: 1200,
  range: { from: 1076, to: 1900 },
  minutes: 2,
  fullRead: 40_000,
  budget: null,
  freshnessDays: 30,
  daysToComeRound: 30,
  budgetForFloor: 1200,
  ...changes,
});

describe('the plan of a nightly sync', () => {
  test('a part is named once', () => {
    expect(planCells(plan()).map((cells) => cells.slice(0, 4))).toEqual([
      ['whole lists', 'patients', '60', '5 %'],
      ['', 'staff', '1', '<0.1 %'],
      ['rotation', 'problems', '1,139', '95 %'],
    ]);
  });

  test('shares', () => {
    expect([share(1, 3), share(1, 200), share(1, 50), share(0, 5), share(1, 0), share(5, 5)]).toEqual([
      '33 %',
      '0.5 %',
      '2 %',
      '0 %',
      '0 %',
      '100 %',
    ]);
  });

  test('its total is shown with time and fraction of a full read, and what a budget leaves', () => {
    const whole = 'Tonight: 1,200 requests, 2 min at 10 a second, 3 % of a full read (40,000).';
    const expected = 'With the changes of the day, which nobody knows yet: 1,076 to 1,900 requests.';
    expect(totalSentences(plan(), 10)).toEqual([whole, expected]);
    expect(totalSentences(plan({ budget: 1200 }), 10)).toEqual([whole, expected, 'The budget of 1,200 is enough.']);
    expect(totalSentences(plan({ budget: 1199 }), 10)[2]).toBe(
      'The budget of 1,199 ends before: 1 request is left to the next nightly sync.',
    );
  });

  test('the floor without a budget', () => {
    expect(targetSentence(plan())).toEqual({
      kept: true,
      sentence: 'Freshness target of 30 days: met; 1,200 requests a night would be enough.',
    });
  });

  test('the floor within a budget', () => {
    expect(targetSentence(plan({ budget: 1200 }))).toEqual({
      kept: true,
      sentence: 'Freshness target of 30 days: met.',
    });
    expect(targetSentence(plan({ budget: 1199, daysToComeRound: 29 }))).toEqual({
      kept: true,
      sentence: 'Freshness target of 30 days: met, with no night to spare; 1,200 requests a night would leave two.',
    });
    expect(targetSentence(plan({ budget: 600, daysToComeRound: 60 }))).toEqual({
      kept: false,
      sentence:
        'Freshness target of 30 days: falls short by 30 days; within the budget every row is checked once in 60 days. 1,200 requests a night would meet it.',
    });
    expect(targetSentence(plan({ budget: 5, daysToComeRound: null }))).toEqual({
      kept: false,
      sentence:
        'Freshness target of 30 days: not met; the budget leaves nothing for what was checked longest ago. 1,200 requests a night would meet it.',
    });
  });
});
