/**
 * A process that starts the embedded server on the directory given, prints what it got and waits to be killed, or ends at
 * once with `leave`. Run by the tests of it, also as another user and from a copy.
 */
import { LobbieSyncError } from '../../src/core/errors.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/index.ts';

const [dataDir = '', mode = 'leave'] = process.argv.slice(2);
const notes: string[] = [];
try {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, log: (message) => notes.push(message) });
  const { url, pid, alreadyRunning } = server;
  if (mode === 'stop') await server.stop();
  console.log(JSON.stringify({ url, pid, dataDir: server.dataDir, alreadyRunning, notes }));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof LobbieSyncError ? error.code : String(error) }));
  process.exitCode = 1;
}
if (mode === 'wait') setInterval(() => {}, 60_000);
