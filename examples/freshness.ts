/** Lists what is older than a number of days (default 1), for a monitor of your own. */
import { createApp } from 'lobbie-sync';

const days = Number(process.argv[2] ?? 1);
const before = Date.now() - days * 86_400_000;

const app = createApp({ settings: process.env });
try {
  const { lists, lastSuccess } = await app.status();
  const stale = lists.filter(({ oldestCheckedAt }) => oldestCheckedAt === null || oldestCheckedAt.getTime() < before);
  for (const list of stale) {
    const where = [list.accountId, list.locationId, list.resource].filter((part) => part !== null).join('/');
    console.log(`${where}: ${list.oldestCheckedAt?.toISOString() ?? 'never read whole'}`);
  }
  console.log(`${stale.length} of ${lists.length} lists are older than ${days} days`);
  console.log(`last complete run: ${lastSuccess?.finished_at?.toISOString() ?? 'none'}`);
  process.exitCode = stale.length > 0 ? 4 : 0;
} finally {
  await app.close();
}
