import { EXIT, StopError } from '../core/errors.ts';
import { StopSignal } from '../core/stop.ts';
import type { Output } from './output.ts';

/** Ctrl+C reaches a command that was started by npx twice, from the terminal and from npx; both are one request. */
const SAME_REQUEST_MS = 500;

const ASKING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const IGNORED = ['SIGUSR1', 'SIGUSR2'] as const;

/**
 * The first SIGINT or SIGTERM asks for an orderly stop, a later one ends the process at once.
 *
 * @returns ends the watch
 */
export function stopOnSignals(stop: StopSignal, say: (text: string) => void): () => void {
  const unwatch = onSignals((signal) => {
    say(`${signal}: stopping after the current batch; once more ends at once\n`);
    stop.request(
      new StopError(
        'stop.signal',
        `stopped by ${signal}`,
        'Run the same command again: it continues where this run stopped.',
      ),
    );
  });
  return () => {
    unwatch();
    stop.dispose();
  };
}

/** Does work that the first SIGINT or SIGTERM asks to stop in order. */
export async function stoppable<T>(output: Output, work: (stop: StopSignal) => Promise<T>): Promise<T> {
  const stop = new StopSignal();
  const unwatch = stopOnSignals(stop, (text) => output.say(text));
  try {
    return await work(stop);
  } finally {
    unwatch();
  }
}

/**
 * Reports the first SIGINT, SIGTERM or SIGHUP; a later one ends the process at once. SIGUSR1 and SIGUSR2 are ignored: the one would
 * open Node's inspector, which shows every secret of the process, the other would end it.
 *
 * @returns ends the watch
 */
export function onSignals(asks: (signal: NodeJS.Signals) => void): () => void {
  let asked: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (asked === undefined) {
      asked = now;
      asks(signal);
    } else if (now - asked > SAME_REQUEST_MS) {
      process.exit(EXIT.incomplete);
    }
  };
  const ignore = (): void => undefined;
  for (const name of ASKING) process.on(name, onSignal);
  for (const name of IGNORED) process.on(name, ignore);
  return () => {
    for (const name of ASKING) process.off(name, onSignal);
    for (const name of IGNORED) process.off(name, ignore);
  };
}
