import { createPool } from '../../../src/db/pool.ts';
import { kyselyOnPool } from '../../../src/db/transaction.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import { createDaemon } from '../../../src/scheduler/daemon.ts';
import { MovableClock } from './movable-clock.ts';

/** A daemon in its own process that starts the nightly sync that is due and never ends it: `<url> <now> <cron> <zone>`. */
const [url = '', now = '', cron = '', timezone = ''] = process.argv.slice(2);
const pool = createPool({ connectionString: url });
const daemon = createDaemon({
  db: kyselyOnPool(pool),
  pool,
  connectionString: url,
  clock: new MovableClock(now),
  logger: silentLogger,
  jobs: [
    {
      name: 'sync',
      cron,
      timezone,
      run: () => {
        process.stdout.write('running\n');
        return new Promise(() => undefined);
      },
    },
  ],
});
await daemon.start();
