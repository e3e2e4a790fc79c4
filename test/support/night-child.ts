/**
 * A process that makes one nightly sync at a moment of its own (`NIGHT_AT`, milliseconds) and prints what became of it; for
 * tests that kill it.
 */

import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { MovableClock } from './clock.ts';
import { Syncer } from './night.ts';

const { NIGHT_API = '', NIGHT_TOKENS = '', NIGHT_DATABASE = '', NIGHT_AT = '0' } = process.env;
const syncer = new Syncer({
  api: { url: NIGHT_API, tokenUrl: NIGHT_TOKENS },
  databaseUrl: NIGHT_DATABASE,
  clock: new MovableClock({ now: Number(NIGHT_AT) }),
});
try {
  const report = await syncer.run('sync', { selection: everything, stop: new StopSignal() });
  process.stdout.write(`${JSON.stringify({ status: report.status, error: report.error?.message })}\n`);
  process.exitCode = report.exitCode;
} finally {
  await syncer.close();
}
