import { describe, expect, test } from 'vitest';
import { Semaphore } from '../../../src/streams/semaphore.ts';

describe('Semaphore', () => {
  test('gives as many slots as there are, then makes callers wait, in the order of their calls', async () => {
    const permits = new Semaphore(2);
    const order: number[] = [];
    await permits.acquire();
    await permits.acquire();
    const waiting = [1, 2, 3].map((name) => permits.acquire().then(() => order.push(name)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    permits.release();
    await waiting[0];
    expect(order).toEqual([1]);
    permits.release(2);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  test('tryAcquire never waits', () => {
    const permits = new Semaphore(1);
    expect(permits.tryAcquire()).toBe(true);
    expect(permits.tryAcquire()).toBe(false);
    permits.release();
    expect(permits.tryAcquire()).toBe(true);
  });

  test('a released slot goes to a caller that waits, not to one that tries', async () => {
    const permits = new Semaphore(1);
    await permits.acquire();
    const waiting = permits.acquire();
    permits.release();
    expect(permits.tryAcquire()).toBe(false);
    await waiting;
  });

  test('releasing no slot changes nothing', () => {
    const permits = new Semaphore(0);
    permits.release(0);
    expect(permits.tryAcquire()).toBe(false);
  });
});
