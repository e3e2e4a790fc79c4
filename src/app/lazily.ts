/** Methods that all answer with a promise. */
type Asynchronous<T> = { [Name in keyof T]: (...given: never[]) => Promise<unknown> };

/**
 * A group of methods whose code is loaded when one of them is first called: `status` must not wait for the code that
 * delivers changes. The group is made once.
 */
export function lazily<T extends Asynchronous<T>>(load: () => Promise<T>): T {
  let group: Promise<T> | undefined;
  const call =
    (name: string) =>
    async (...given: never[]) => {
      group ??= load();
      const loaded = await group;
      return await loaded[name as keyof T](...given);
    };
  // `then` stays absent: whoever returns the group from an async function must not have it called.
  return new Proxy({} as T, {
    get: (_target, name) => (typeof name === 'symbol' || name === 'then' ? undefined : call(name)),
  });
}
