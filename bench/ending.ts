/** Steps that undo what the benchmarks started, however they end: servers, processes, temporary folders. */
const pending: (() => Promise<void>)[] = [];

/**
 * Registers a step that undoes something.
 *
 * @returns a function that runs the step now; it runs at most once, even if the benchmarks end meanwhile
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

/** Runs all remaining steps, last first. */
export async function end(): Promise<void> {
  for (let undo = pending.at(-1); undo !== undefined; undo = pending.at(-1)) {
    await undo().catch((error: unknown) => process.stderr.write(`could not be undone: ${String(error)}\n`));
  }
}

/** On Ctrl-C and the like, ends the benchmarks after everything was undone. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => void end().finally(() => process.exit(code)));
  }
}
