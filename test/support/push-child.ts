/** A process that delivers the outbox once; for tests that kill it. Its settings come from the environment. */
import { App } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { StopError } from '../../src/core/errors.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';

const app = new App(loadConfig({ env: process.env, cwd: '/nowhere', terminal: false }));
const stop = new StopSignal();
process.once('SIGTERM', () => stop.request(new StopError('stop.signal', 'a test asked for the end')));
try {
  const { status, exitCode, totals, error } = await app.push.apply({ selection: everything, stop, deletes: true });
  process.stdout.write(`${JSON.stringify({ status, totals, error: error?.message })}\n`);
  process.exitCode = exitCode;
} finally {
  stop.dispose();
  await app.close();
}
