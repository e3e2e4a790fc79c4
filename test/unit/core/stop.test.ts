import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { StopError } from '../../../src/core/errors.ts';
import { StopSignal } from '../../../src/core/stop.ts';

const budget = new StopError('stop.budget', 'used up');
const signal = new StopError('stop.signal', 'requested');

describe('StopSignal', () => {
  test('no stop is requested at first', () => {
    const stop = new StopSignal();
    expect(stop.requested).toBe(false);
    expect(stop.reason).toBeUndefined();
    expect(stop.signal.aborted).toBe(false);
  });

  test('the first reason counts', () => {
    const stop = new StopSignal();
    stop.request(budget);
    stop.request(signal);
    expect(stop.requested).toBe(true);
    expect(stop.reason).toBe(budget);
    stop.dispose();
  });

  test('requests under way are given up after the grace period, with the reason', async () => {
    const stop = new StopSignal(20);
    stop.request(signal);
    expect(stop.signal.aborted).toBe(false);
    await sleep(60);
    expect(stop.signal.aborted).toBe(true);
    expect(stop.signal.reason).toBe(signal);
  });

  test('once disposed, nothing is given up any more', async () => {
    const stop = new StopSignal(10);
    stop.request(signal);
    stop.dispose();
    await sleep(40);
    expect(stop.signal.aborted).toBe(false);
  });
});
