import { describe, expect, test } from 'vitest';
import { barLine, plainLine } from '../../../src/cli/progress/display.ts';
import { type ListEvent, ProgressModel } from '../../../src/cli/progress/model.ts';

const event = (list: string, state: ListEvent['state'], rows = 0, requests = 0): ListEvent => ({
  list,
  resource: list.split('/')[0] ?? '',
  state,
  rows,
  requests,
});

describe('progress', () => {
  test('lists become known as they are begun', () => {
    const model = new ProgressModel(new Map(), 0);
    expect(model.begun).toBe(false);
    model.apply(event('labs/1', 'started'), 0);
    model.apply(event('labs/2', 'started'), 0);
    model.apply(event('labs/1', 'reading', 300, 4), 1000);
    model.apply(event('labs/1', 'done', 0, 5), 1500);
    const [labs] = model.resources(2000);
    expect(labs).toMatchObject({
      done: 1,
      total: 2,
      active: 1,
      rows: 300,
      fraction: 0.5,
      rate: 150,
      leftMs: undefined,
    });
    expect(model.requests).toBe(5);
  });

  test('an earlier read shows how much is left', () => {
    const expected = new Map([
      ['labs/1', { resource: 'labs', rows: 400 }],
      ['labs/2', { resource: 'labs', rows: 600 }],
    ]);
    const model = new ProgressModel(expected, 0);
    model.apply(event('labs/1', 'reading', 200), 1000);
    expect(model.total(1000)).toMatchObject({ total: 2, done: 0, fraction: 0.2, rate: 200, leftMs: 4000 });
    model.apply(event('labs/1', 'done'), 2000);
    expect(model.total(2000)).toMatchObject({ done: 1, leftMs: 6000 });
    model.apply(event('labs/2', 'skipped'), 2000);
    expect(model.total(2000)).toMatchObject({ done: 2, fraction: 1, leftMs: 0 });
  });

  test('more rows than expected never give more than everything', () => {
    const model = new ProgressModel(new Map([['labs/1', { resource: 'labs', rows: 1 }]]), 0);
    model.apply(event('labs/1', 'reading', 50), 10);
    expect(model.total(10).fraction).toBe(1);
    expect(model.total(10).leftMs).toBe(0);
  });

  test('a list that stopped or failed is reported', () => {
    const model = new ProgressModel(new Map(), 0);
    model.apply(event('labs/1', 'failed'), 10);
    model.apply(event('staff/1', 'stopped'), 10);
    expect(model.total(1000)).toMatchObject({ failed: 1, done: 1, total: 2, active: 0 });
    expect(plainLine(model, 1000)).toBe('1 s: 0 records, 0 requests, 1 of 2 lists, 1 failed, 0 records/s');
  });

  test('lines name what is being read', () => {
    const model = new ProgressModel(new Map(), 0);
    for (const name of ['a', 'b', 'c', 'd', 'e']) model.apply(event(name, 'reading', 100, 1), 0);
    expect(plainLine(model, 2000)).toBe(
      '2 s: 500 records, 1 request, 0 of 5 lists, 250 records/s, reading a, b, c, d, ...',
    );
    expect(barLine(model.total(2000), '[bar]', 1)).toMatch(
      /^total +\[bar\] +0\/5 lists +500 records +250\/s +1 request$/,
    );
  });
});
