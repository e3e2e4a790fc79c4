/** What has to be undone when the benchmarks end, however they end: servers, processes, temporary folders. */
const pending: (() => Promise<void>)[] = [];

/**
 * Remembers how to undo something.
 *
 * @returns does it now; at most once, also when the end comes meanwhile
 */
export function onEnd(undo: () => unknown): () => Promise<void> {
  let done: Promise<void> | undefined;
  const once = (): Promise<void> => {
    done ??= (async () => {
      pending.splice(pending.indexOf(once), 1);
      await undo();
    })();
    return done;
  };
  pending.push(once);
  return once;
}

/** Undoes all that is left, last first. */
export async function end(): Promise<void> {
  for (let undo = pending.at(-1); undo !== undefined; undo = pending.at(-1)) {
    await undo().catch((error: unknown) => process.stderr.write(`could not be undone: ${String(error)}\n`));
  }
}

/** Ctrl-C and the like end the benchmarks after everything was undone. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => void end().finally(() => process.exit(code)));
  }
}
