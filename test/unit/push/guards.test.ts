import { describe, expect, test } from 'vitest';
import { Guards, type Weight } from '../../../src/push/guards.ts';

const note = (guards: Guards, weight: Weight, times: number) => {
  for (let time = 0; time < times; time += 1) guards.note(weight);
};

describe('the cap', () => {
  test('lets that many changes through', () => {
    const guards = new Guards({ maxChanges: 2, maxErrorFraction: 1 });
    guards.admit();
    guards.admit();
    expect(() => guards.admit()).toThrow(expect.objectContaining({ code: 'stop.budget' }));
  });

  test('does not count changes that were not sent', () => {
    const guards = new Guards({ maxChanges: 1, maxErrorFraction: 1 });
    guards.admit();
    guards.release();
    guards.admit();
    expect(() => guards.admit()).toThrow();
  });

  test('is none by default', () => {
    const guards = new Guards({ maxErrorFraction: 1 });
    for (let change = 0; change < 1000; change += 1) guards.admit();
  });
});

describe('the fraction of failures', () => {
  test('does not count before twenty changes have ended', () => {
    const guards = new Guards({ maxErrorFraction: 0.25 });
    note(guards, 'lost', 19);
    expect(() => guards.note('lost')).toThrow(expect.objectContaining({ code: 'push.error_share', exitCode: 4 }));
  });

  test('may be reached but not exceeded', () => {
    const guards = new Guards({ maxErrorFraction: 0.25 });
    note(guards, 'sound', 15);
    note(guards, 'lost', 5);
    expect(() => guards.note('lost')).toThrow();
  });

  test('of 1 never stops a run', () => {
    note(new Guards({ maxErrorFraction: 1 }), 'lost', 100);
  });
});

describe('rows that Lobbie can not be queried about', () => {
  test('stop a run when twenty come in a row', () => {
    const guards = new Guards({ maxErrorFraction: 0 });
    note(guards, 'away', 19);
    guards.note('sound');
    note(guards, 'away', 19);
    expect(() => guards.note('away')).toThrow(expect.objectContaining({ code: 'push.unreachable', exitCode: 4 }));
  });
});
