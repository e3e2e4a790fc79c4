/**
 * A process that makes one backfill with the settings of its environment and prints what became of it; for tests that
 * kill it. SIGTERM asks for an orderly end.
 */
import { App } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { StopError } from '../../src/core/errors.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';

const config = loadConfig({ env: process.env, cwd: '/nowhere', terminal: false });
const app = new App(config);
const stop = new StopSignal();
process.once('SIGTERM', () => stop.request(new StopError('stop.signal', 'a test asked for the end')));
try {
  const resources = process.argv.slice(2);
  const report = await app.run({ kind: 'backfill', selection: { ...everything, resources }, stop });
  process.stdout.write(`${JSON.stringify({ ...report, error: report.error?.message })}\n`);
  process.exitCode = report.exitCode;
} finally {
  await app.close();
}
