/** Changes the e-mail address of a patient in Lobbie: queues the change, delivers it, and says what became of it. */
import { createApp, LobbieSyncError } from 'lobbie-sync';

const [accountId, patientId, email] = process.argv.slice(2);
if (accountId === undefined || patientId === undefined || email === undefined) {
  console.error('usage: node queue-change.ts ACCOUNT_ID PATIENT_ID EMAIL');
  process.exit(2);
}

const app = createApp({ settings: process.env });
try {
  const { firstId, faults } = await app.queue([
    { resource: 'patients', operation: 'update', accountId, targetId: patientId, changes: { email } },
  ]);
  // Faults name fields and kinds of fault, never a value.
  for (const { field, problem } of faults) console.error(`${field} ${problem}`);
  if (firstId === null) {
    process.exitCode = 2;
  } else {
    await app.deliver({ ids: [firstId] });
    const [row] = await app.outbox({ ids: [firstId] });
    console.log(`change ${firstId}: ${row?.status ?? 'gone'}`);
    process.exitCode = row?.status === 'succeeded' ? 0 : 6;
  }
} catch (error) {
  if (!(error instanceof LobbieSyncError)) throw error;
  console.error(`${error.message}\n${error.hint ?? ''}`);
  process.exitCode = error.exitCode;
} finally {
  await app.close();
}
