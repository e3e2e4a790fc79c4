import { describe, expect, test } from 'vitest';
import { Channel } from '../../../src/streams/channel.ts';

/** Whether a promise is still open once everybody had a turn. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  const turn = new Promise((resolve) => setImmediate(resolve, open));
  return (await Promise.race([promise.catch(() => undefined), turn])) === open;
}

describe('Channel', () => {
  test('hands out everything that is there, in order, up to the limit', async () => {
    const channel = new Channel<number>(8);
    for (const item of [1, 2, 3]) expect(await channel.push(item)).toBe(true);
    expect(await channel.take(2)).toEqual([1, 2]);
    expect(await channel.take(2)).toEqual([3]);
  });

  test('makes the reader wait while it is full', async () => {
    const channel = new Channel<number>(2);
    await channel.push(1);
    await channel.push(2);
    const third = channel.push(3);
    expect(await waits(third)).toBe(true);
    expect(await channel.take(1)).toEqual([1]);
    expect(await third).toBe(true);
    expect(await channel.take(9)).toEqual([2, 3]);
  });

  test('makes the storing side wait while it is empty', async () => {
    const channel = new Channel<number>(2);
    const taken = channel.take(9);
    expect(await waits(taken)).toBe(true);
    await channel.push(1);
    expect(await taken).toEqual([1]);
  });

  test('reports the end after the last item', async () => {
    const channel = new Channel<number>(2);
    await channel.push(1);
    channel.end();
    expect(await channel.take(9)).toEqual([1]);
    expect(await channel.take(9)).toBeUndefined();
    expect(await channel.push(2)).toBe(false);
  });

  test('throws an error after what was pushed before it; the first end counts', async () => {
    const channel = new Channel<number>(2);
    await channel.push(1);
    channel.end(new Error('cut off'));
    channel.end();
    expect(await channel.take(9)).toEqual([1]);
    await expect(channel.take(9)).rejects.toThrow('cut off');
  });

  test('the end wakes both sides', async () => {
    const full = new Channel<number>(1);
    await full.push(1);
    const pushing = full.push(2);
    full.end();
    expect(await pushing).toBe(false);
    const empty = new Channel<number>(1);
    const taking = empty.take(1);
    empty.end();
    expect(await taking).toBeUndefined();
  });

  test('items that were never taken are returned', async () => {
    const channel = new Channel<number>(4);
    await channel.push(1);
    await channel.push(2);
    expect(channel.drain()).toEqual([1, 2]);
    expect(channel.drain()).toEqual([]);
    expect(await channel.push(3)).toBe(false);
  });

  test('moves any number of items through a small queue, none lost and none twice', async () => {
    const channel = new Channel<number>(3);
    const items = Array.from({ length: 1000 }, (_, index) => index);
    const reading = (async () => {
      for (const item of items) await channel.push(item);
      channel.end();
    })();
    const got: number[] = [];
    for (;;) {
      const taken = await channel.take(7);
      if (taken === undefined) break;
      got.push(...taken);
      if (got.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await reading;
    expect(got).toEqual(items);
  });
});
