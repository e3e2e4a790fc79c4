import { describe, expect, test } from 'vitest';
import { StopError } from '../../../src/core/errors.ts';
import { StopSignal } from '../../../src/core/stop.ts';
import { Counters } from '../../../src/streams/counters.ts';

function counters(budget = Number.POSITIVE_INFINITY) {
  const stop = new StopSignal();
  return { stop, counters: new Counters(budget, stop) };
}

describe('requests', () => {
  test('are counted by resource and handed on once', () => {
    const { counters: count } = counters();
    count.request('patients');
    count.request('patients');
    count.request('labs');
    expect(count.total).toBe(3);
    expect(count.pendingResources()).toEqual(['patients', 'labs']);
    expect(count.takeRequests('patients')).toBe(2);
    expect(count.takeRequests('patients')).toBe(0);
    count.returnRequests('patients', 2);
    count.request('patients');
    expect(count.takeRequests('patients')).toBe(3);
    expect(count.pendingResources()).toEqual(['labs']);
    expect(count.total).toBe(4);
  });

  test('nothing given back leaves nothing pending', () => {
    const { counters: count } = counters();
    count.returnRequests('patients', 0);
    expect(count.pendingResources()).toEqual([]);
  });
});

describe('the budget', () => {
  test('is never overstepped, and stops the run in an orderly way', () => {
    const { counters: count, stop } = counters(2);
    count.request('a');
    count.request('b');
    expect(stop.requested).toBe(false);
    expect(() => count.request('a')).toThrow(StopError);
    expect(stop.reason).toMatchObject({ code: 'stop.budget', exitCode: 5 });
    expect(() => count.request('a')).toThrow('budget of 2');
    expect(count.total).toBe(2);
    stop.dispose();
  });

  test('of nothing sends nothing', () => {
    const { counters: count, stop } = counters(0);
    expect(() => count.request('a')).toThrow(StopError);
    expect(count.total).toBe(0);
    stop.dispose();
  });

  test('a run that was stopped sends nothing more', () => {
    const { counters: count, stop } = counters();
    const reason = new StopError('stop.signal', 'told to');
    stop.request(reason);
    expect(() => count.request('a')).toThrow(reason);
    expect(count.total).toBe(0);
    stop.dispose();
  });
});

test('unknown fields are handed on in the order of resources', () => {
  const { counters: count } = counters();
  for (const resource of ['patients', 'labs', 'staff']) count.unknown(resource).set('mood', 1);
  expect(count.takeUnknown().map(([resource]) => resource)).toEqual(['labs', 'patients', 'staff']);
});

test('a run keeps 200 names of unknown fields of a resource; the records of more are put together', () => {
  const { counters: count } = counters();
  const name = (n: number) => count.unknown('labs').set(`f${n}`, 2);
  for (let n = 0; n < 150; n += 1) name(n);
  expect(count.takeUnknown()[0]?.[1].size).toBe(150);
  for (let n = 100; n < 250; n += 1) name(n);
  const [, second] = count.takeUnknown()[0] ?? [];
  expect(second?.size).toBe(101);
  expect(second?.get('(others)')).toBe(100);
  count.unknown('staff').set('mood', 1);
  expect(count.takeUnknown()).toEqual([['staff', new Map([['mood', 1]])]]);
});

test('unknown fields are counted by resource and handed on once', () => {
  const { counters: count } = counters();
  count.unknown('patients').set('mood', 2);
  expect(count.unknown('patients').get('mood')).toBe(2);
  count.unknown('labs');
  expect(count.takeUnknown()).toEqual([['patients', new Map([['mood', 2]])]]);
  expect(count.takeUnknown()).toEqual([]);
  expect(count.unknown('patients').size).toBe(0);
});
