import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../simulator/data/types.ts';
import { type JournalEntry, type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestClient, testClient } from '../../simulator/testing.ts';

/** Every row of an account as text, by resource and id. */
async function snapshot({ world }: Simulator, client: TestClient, account: number): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const resource of world.accounts.get(account)?.sources.keys() ?? []) {
    for (const { locationId, parentId, row } of await client.truth(account, resource)) {
      const shared = ['form_templates', 'form_template_groups'].includes(resource);
      const id = row['id'] ?? row['patientId'] ?? row['eventType'] ?? `${String(row['name'])}@${String(parentId)}`;
      const place = shared ? `/${String(locationId)}` : '';
      const key = `${resource}:${String(resource === 'remote_care_settings' ? locationId : id)}${place}`;
      expect(rows.has(key), key).toBe(false);
      rows.set(key, JSON.stringify(row));
    }
  }
  return rows;
}

function differences(before: Map<string, string>, after: Map<string, string>): string[] {
  const found: string[] = [];
  for (const [key, text] of after) {
    const old = before.get(key);
    if (old === undefined) found.push(`created ${key}`);
    else if (old !== text) found.push(`updated ${key}`);
  }
  for (const key of before.keys()) if (!after.has(key)) found.push(`deleted ${key}`);
  return found.sort();
}

const journalled = (entries: readonly JournalEntry[], account: number): string[] =>
  entries
    .filter((entry) => entry.accountId === account)
    .map((entry) => `${entry.change} ${entry.resource}:${String(entry.id)}`)
    .sort();

let simulator: Simulator;
let client: TestClient;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 300 });
  client = await testClient(simulator);
});
afterAll(() => simulator.stop());

describe('evolving', () => {
  it('changes exactly what its journal says, over several steps', async () => {
    for (const days of [1, 7, 0.5, 30]) {
      const before = await snapshot(simulator, client, 1001);
      const journal = simulator.evolve(days);
      const after = await snapshot(simulator, client, 1001);
      expect(journalled(journal, 1001)).toEqual(differences(before, after));
      expect(journal.length).toBeGreaterThan(10);
    }
    const { body } = await client.admin('GET', '/journal');
    expect((body as unknown as unknown[]).length).toBeGreaterThan(100);
  });

  it('brings every kind of change', () => {
    const kinds = new Set(simulator.world.journal.map((entry) => `${entry.resource} ${entry.change}`));
    for (const kind of [
      'patients created',
      'patients updated',
      'patients deleted',
      'appointments created',
      'appointments updated',
      'invoices created',
      'invoices updated',
      'labs created',
      'labs updated',
      'form_packets created',
      'form_packets updated',
      'payment_requests updated',
      'notifications created',
      'notification_groups created',
      'category_transitions created',
      'patient_categories updated',
      'categories updated',
      'medications created',
      'problems updated',
      'lab_test_components updated',
      'invoice_line_items created',
    ])
      expect([...kinds]).toContain(kind);
  });

  it('gives new rows higher ids and serves them on their pages', async () => {
    const created = simulator.world.journal.filter(
      (entry) => entry.resource === 'appointments' && entry.change === 'created',
    );
    for (const entry of created.filter((made) => made.accountId === 1001).slice(0, 20)) {
      const place = `/account/1001/location/${String(entry.locationId)}`;
      const row = (await client.get(`${place}/appointment/${String(entry.id)}`)).body as Row;
      const rows = await client.rows(`${place}/appointment?patientId=${String(row['patientId'])}`, 'appointments');
      expect(rows.map((found) => found['id'])).toContain(entry.id);
      expect((await client.rows(`${place}/appointment`, 'appointments')).map((found) => found['id'])).toContain(
        entry.id,
      );
    }
  });

  it('is the same on two simulators', async () => {
    const twins = await Promise.all([startSimulator({ patients: 120 }), startSimulator({ patients: 120 })]);
    const [a, b] = [twins[0].evolve(5), twins[1].evolve(5)];
    expect(a).toEqual(b);
    const [one, two] = await Promise.all(twins.map(async (twin) => snapshot(twin, await testClient(twin), 1002)));
    expect(one).toEqual(two);
    await Promise.all(twins.map((twin) => twin.stop()));
  });
});

describe('the control API', () => {
  it('hides, shows again and patches records', async () => {
    const list = '/account/1001/patients';
    const id = (await client.rows(list, 'patients'))[3]?.['id'];
    expect((await client.admin('POST', '/hide', { account: 1001, resource: 'patients', id })).status).toBe(200);
    expect((await client.get(`${list}/${String(id)}`)).status).toBe(404);
    expect((await client.get(`${list}/${String(id)}/health-profile/allergies`)).status).toBe(404);
    expect((await client.rows(list, 'patients')).map((row) => row['id'])).not.toContain(id);
    await client.admin('POST', '/unhide', { account: 1001, resource: 'listPatients', id });
    const before = (await client.get(`${list}/${String(id)}`)).body as Row;
    await client.admin('POST', '/patch', { account: 1001, resource: 'patients', id, fields: { gender: 'x' } });
    const after = (await client.get(`${list}/${String(id)}`)).body as Row;
    expect(after).toEqual({ ...before, gender: 'x', updatedAt: after['updatedAt'] });
    expect(Date.parse(String(after['updatedAt']))).toBeGreaterThan(Date.parse(String(before['updatedAt'])));
    expect((await client.admin('POST', '/hide', { account: 1001, resource: 'patients', id: 5 })).status).toBe(404);
  });

  it('moves a patched time in the order of time', async () => {
    const place = `/account/1001/location/${String((await client.truth(1001, 'locations'))[0]?.row['id'])}`;
    const [first] = await client.rows(`${place}/appointment`, 'appointments');
    const fields = { startTime: '2027-01-01T09:00:00-05:00' };
    await client.admin('POST', '/patch', { account: 1001, resource: 'appointments', id: first?.['id'], fields });
    const found = await client.rows(`${place}/appointment?startDate=2026-12-31T00:00:00Z`, 'appointments');
    expect(found.map((row) => row['id'])).toEqual([first?.['id']]);
    const rows = await client.rows(`${place}/appointment`, 'appointments');
    expect(rows.filter((row) => row['id'] === first?.['id'])).toHaveLength(1);
  });

  it('counts requests and records', async () => {
    await client.admin('POST', '/reset-stats');
    await client.get('/account/1001/patients?limit=30');
    await client.get('/role-group/2');
    const { body } = await client.admin('GET', '/stats');
    expect(body).toMatchObject({
      requests: 2,
      perOperation: { listPatients: 1 },
      recordsServed: { listPatients: 30, getRoleGroup: 1 },
    });
    expect((await client.admin('GET', '/health')).body).toMatchObject({ ok: true });
  });
});
