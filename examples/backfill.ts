/** Reads everything into the warehouse, and says what came of it. Ctrl+C ends it in an orderly way; the next run goes on there. */
import { createApp } from 'lobbie-sync';

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

const app = createApp({ settings: process.env });
try {
  await app.migrate();
  let requests = 0;
  const report = await app.backfill({
    signal: stopping.signal,
    onProgress: (progress) => {
      requests = Math.max(requests, progress.requests);
    },
  });
  console.log(`backfill ${report.runId} ${report.status}: ${report.units.certified} lists whole, ${requests} requests`);
  const details = await app.run(report.runId);
  for (const problem of details?.problems ?? []) console.log(`  ${problem.code}: ${problem.message}`);
  process.exitCode = report.exitCode;
} finally {
  await app.close();
}
