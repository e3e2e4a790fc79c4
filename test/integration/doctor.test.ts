import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { examineDatabase } from '../../src/inspect/doctor-database.ts';
import type { Finding } from '../../src/inspect/finding.ts';
import { createDatabase, dropDatabase, useTestDatabase } from '../support/database.ts';
import { makeApp, type Place, query } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf, type Stored } from '../support/push.ts';

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 20, accounts: [1001], appointmentBody: 'self-scheduling' });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'] };
  await pull(place);
});
afterAll(() => simulator.stop());

const MARK = 'Qvbookingmarkqv';
const OTHER = { LOBBIE_APPOINTMENT_BODY: 'self-scheduling' };

async function bookingFinding(changes: Partial<Place> = {}): Promise<Finding | undefined> {
  const app = makeApp({ ...place, ...changes });
  try {
    const findings = await app.doctor();
    expect(JSON.stringify(findings)).not.toContain(MARK);
    return findings.find(({ name }) => name === 'body of createAppointment');
  } finally {
    await app.close();
  }
}

describe('the body of createAppointment', () => {
  test('is a question until a booking has succeeded; a refusal with 400 names the other form', async () => {
    expect(await bookingFinding()).toMatchObject({ ok: 'warning', detail: expect.stringContaining('was tried') });
    const [visit] = await query<Stored>(
      database.url,
      'SELECT * FROM lobbie.appointments WHERE account_id = 1001 LIMIT 1',
    );
    const changes = {
      patientId: Number(visit.patient_id),
      practitionerId: Number(visit.practitioner_id),
      appointmentTypeId: Number(visit.appointment_type_id),
      startTime: '2027-06-01T15:00:00Z',
      note: MARK,
    };
    const [id = ''] = await enqueue(database.url, [
      { resource: 'appointments', operation: 'create', location: visit.location_id, changes },
    ]);
    expect(await apply(place)).toMatchObject({ exitCode: 4 });
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'rejected' });
    const refused = await bookingFinding();
    expect(refused).toMatchObject({
      ok: 'warning',
      detail: expect.stringContaining(`row ${id}, was refused with 400`),
    });
    expect(refused?.hint).toContain(`push retry ${id}`);

    // What the hint says, step by step.
    const withScheduler = JSON.stringify({ ...changes, schedulerConfigId: 8 });
    await query(database.url, 'UPDATE lobbie_push.outbox SET changes = $1 WHERE id = $2', [withScheduler, id]);
    const app = makeApp(place);
    expect(await app.push.retry({ ids: [id] })).toEqual([id]);
    await app.close();
    // Queued again with the fields of the other form, it says nothing of that form yet.
    expect(await bookingFinding({ env: OTHER })).toMatchObject({ detail: expect.stringContaining('was tried') });
    expect(await apply({ ...place, env: OTHER })).toMatchObject({ exitCode: 0 });
    expect(await bookingFinding({ env: OTHER })).toMatchObject({ ok: true, hint: null });
    expect(await bookingFinding()).toMatchObject({ ok: 'warning', hint: expect.stringContaining('self-scheduling') });
  });

  test('is reported without a database, and without its schema', async () => {
    const empty = await createDatabase({ from: 'nothing' });
    for (const databaseUrl of ['postgres://nobody@127.0.0.1:9/none', empty.url]) {
      const finding = await bookingFinding({ databaseUrl, env: OTHER });
      expect(finding).toMatchObject({ ok: 'warning', hint: expect.stringContaining('contract/FACTS.md') });
      expect(finding?.detail).toBe(
        'LOBBIE_APPOINTMENT_BODY is self-scheduling; whether a booking has succeeded is not known',
      );
    }
    await dropDatabase(empty);
  });
});

test('the rights of the database user are checked for the outbox too', async () => {
  const role = `reader_${database.name}`;
  await query(database.url, `CREATE ROLE "${role}" LOGIN PASSWORD 'reader'`);
  onTestFinished(async () => {
    await query(database.url, `DROP OWNED BY "${role}"`);
    await query(database.url, `DROP ROLE "${role}"`);
  });
  await query(database.url, `GRANT USAGE ON SCHEMA lobbie, lobbie_sync, lobbie_history TO "${role}"`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'reader';
  const rights = async () => {
    const findings = await examineDatabase({ databaseUrl: async () => url.href, pendingMigrations: async () => [] });
    return findings.find(({ name }) => name === 'right to use schemas');
  };
  expect(await rights()).toMatchObject({
    ok: false,
    detail: 'no USAGE on lobbie_push',
    hint: 'GRANT USAGE ON SCHEMA lobbie_push TO <user>;',
  });
  await query(database.url, `GRANT USAGE ON SCHEMA lobbie_push TO "${role}"`);
  expect(await rights()).toMatchObject({ ok: true });
});
