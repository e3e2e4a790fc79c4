import { expect, test } from 'vitest';
import { lazily } from '../../../src/app/lazily.ts';

class Group {
  #calls = 0;

  async add(first: number, second: number): Promise<string> {
    this.#calls += 1;
    return `${first + second} in call ${this.#calls}`;
  }

  async refuse(): Promise<void> {
    throw new Error('refused');
  }
}

test('a group is loaded by the first call and made once', async () => {
  let loads = 0;
  const group = lazily<Group>(async () => {
    loads += 1;
    return new Group();
  });
  expect(loads).toBe(0);
  expect(await Promise.all([group.add(1, 2), group.add(3, 4)])).toEqual(['3 in call 1', '7 in call 2']);
  expect(loads).toBe(1);
});

test('errors of a method come through', async () => {
  await expect(lazily(async () => new Group()).refuse()).rejects.toThrow('refused');
});

test('returning the group from an async function calls nothing', async () => {
  const group = lazily<Group>(() => {
    throw new Error('loaded');
  });
  expect(await (async () => group)()).toBe(group);
});
