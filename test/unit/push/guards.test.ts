import { describe, expect, test } from 'vitest';
import { Guards, type Weight } from '../../../src/push/guards.ts';

const note = (guards: Guards, weight: Weight, times: number) => {
  for (let time = 0; time < times; time += 1) guards.note(weight);
};

describe('the cap', () => {
  test('lets as many through as it says', () => {
    const guards = new Guards({ maxChanges: 2, errorShare: 1 });
    guards.admit();
    guards.admit();
    expect(() => guards.admit()).toThrow(expect.objectContaining({ code: 'stop.budget' }));
  });

  test('does not count what came to nothing', () => {
    const guards = new Guards({ maxChanges: 1, errorShare: 1 });
    guards.admit();
    guards.release();
    guards.admit();
    expect(() => guards.admit()).toThrow();
  });

  test('is none by default', () => {
    const guards = new Guards({ errorShare: 1 });
    for (let change = 0; change < 1000; change += 1) guards.admit();
  });
});

describe('the share of failures', () => {
  test('says nothing before twenty are at an end', () => {
    const guards = new Guards({ errorShare: 0.25 });
    note(guards, 'lost', 19);
    expect(() => guards.note('lost')).toThrow(expect.objectContaining({ code: 'push.error_share', exitCode: 4 }));
  });

  test('may be reached, and not passed', () => {
    const guards = new Guards({ errorShare: 0.25 });
    note(guards, 'sound', 15);
    note(guards, 'lost', 5);
    expect(() => guards.note('lost')).toThrow();
  });

  test('of 1 never stops', () => {
    note(new Guards({ errorShare: 1 }), 'lost', 100);
  });
});

describe('rows that can not be asked about', () => {
  test('stop a run when twenty come in a row', () => {
    const guards = new Guards({ errorShare: 0 });
    note(guards, 'away', 19);
    guards.note('sound');
    note(guards, 'away', 19);
    expect(() => guards.note('away')).toThrow(expect.objectContaining({ code: 'push.unreachable', exitCode: 4 }));
  });
});
