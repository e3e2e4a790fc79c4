import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OddClient } from '../../odd-api/client.ts';
import { GETS } from '../../odd-api/routes/gets.ts';
import { LISTS } from '../../odd-api/routes/lists.ts';
import { ROUTES } from '../../odd-api/routes/table.ts';
import type { OddApi } from '../../odd-api/start.ts';
import { startOddApi } from '../../odd-api/start.ts';
import type { Entry, Row } from '../../odd-api/world/collection.ts';
import type { Kind } from '../../odd-api/world/world.ts';
import { operations, problems } from './contract.ts';

let api: OddApi;
let client: OddClient;

beforeAll(async () => {
  api = await startOddApi({ seed: 11, patients: 40, clock: () => Date.UTC(2027, 2, 4, 12) });
  client = new OddClient(api);
});

afterAll(async () => {
  expect(api.faults).toEqual([]);
  await api.close();
});

/** The path of a route for a record: ids of its home, of its parent and its own. */
function pathFor(route: { path: string; parent?: { param: string }; param?: string }, entry: Entry): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    if (name === route.param) return String(entry.key);
    if (name === route.parent?.param) return String(entry.home.parentId);
    return String(name === 'accountId' ? entry.home.accountId : entry.home.locationId);
  });
}

function entriesFor(kind: Kind, path: string): Entry[] {
  const account = path.includes('{accountId}');
  const entries = api.world[kind].entries();
  if (kind === 'eventTypes') {
    return entries.map((entry) => ({ ...entry, home: { accountId: api.accountIds[0] } }));
  }
  return entries.filter((entry) => (entry.home.accountId !== undefined) === account);
}

describe('the odd API in its plain mode', () => {
  test('knows every read of the contract, and the writes of patients and appointments', () => {
    const reads = [...operations].filter(([, { method }]) => method === 'GET').map(([op]) => op);
    const writes = ['createPatient', 'updatePatient', 'deletePatient', 'createAppointment', 'updateAppointment'];
    expect(ROUTES.map(({ op }) => op).sort()).toEqual([...reads, ...writes].sort());
    for (const { op, method, path } of ROUTES) expect({ op, method, path }).toEqual({ op, ...pick(op) });
  });

  test.each(LISTS.map((route) => [route.op, route] as const))(
    '%s keeps the contract and shows every row once',
    async (op, route) => {
      const entries = entriesFor(route.kind, route.path);
      expect(entries).not.toEqual([]);
      const paths = new Map<string, Entry[]>();
      for (const entry of entries) {
        const path = pathFor(route, entry);
        paths.set(path, [...(paths.get(path) ?? []), entry]);
      }
      // Two parents are enough of lists that hang under hundreds.
      for (const [path, expected] of [...paths].slice(0, 6)) {
        const query = route.paged ? { limit: '7' } : {};
        const first = await client.get(path, query);
        expect(first.status).toBe(200);
        expect(problems(op, first.json)).toEqual([]);
        const rows = await client.all(path, route.key, query);
        const identity = (row: Row) => row['id'] ?? row['eventType'] ?? row['formElementId'];
        expect(rows.map(identity).sort()).toEqual(expected.map(({ row }) => identity(row)).sort());
      }
    },
  );

  test.each(GETS.filter(({ op }) => op !== 'getPatient1').map((route) => [route.op, route] as const))(
    '%s keeps the contract',
    async (op, route) => {
      const entries = entriesFor(route.kind, route.path).slice(0, 8);
      expect(entries).not.toEqual([]);
      for (const entry of entries) {
        const reply = await client.get(pathFor(route, entry));
        expect(reply.status).toBe(200);
        expect(problems(op, reply.json)).toEqual([]);
      }
    },
  );

  test('the reads without a table of their own keep the contract', async () => {
    const lab = api.world.labs.entries().find(({ row }) => row['testPanels'] !== null) as Entry;
    const path = `${pathFor({ path: '/account/{accountId}/location/{locationId}' }, lab)}/lab/${lab.key}/test-component`;
    const list = await client.get(path);
    expect(problems('listTestComponents', list.json)).toEqual([]);
    const [component] = (list.json as { testComponents: Row[] }).testComponents;
    const one = await client.get(`${path}/${component?.['id']}`);
    expect(problems('getTestComponent', one.json)).toEqual([]);
    expect(one.json).toEqual(component);

    const setting = api.world.selfSchedulingSettings.entries()[0] as Entry;
    const slots = await client.get(`/account/${setting.home.accountId}/self-scheduling/availability`, {
      selfSchedulingSettingId: String(setting.key),
      startUnix: String(Date.UTC(2027, 3, 1)),
      endUnix: String(Date.UTC(2027, 3, 3)),
      locationId: '1',
      appointmentTypeId: '1',
    });
    expect(problems('getAvailability', slots.json)).toEqual([]);

    const proof = api.world.identityProofs.entries()[0] as Entry;
    const patient = api.world.patients.entries().find(({ row }) => row['email'] !== null) as Entry;
    const matched = `/account/${proof.home.accountId}/identity-proof/${proof.key}/patient`;
    expect((await client.get(matched)).status).toBe(404);
    api.world.identityProofs.update(proof.key, { verifiedEmail: patient.row['email'] });
    expect((await client.get(matched)).json).toEqual({ patientId: patient.key });
  });

  test('what is not there, not ours or not well formed is refused in the shape of the contract', async () => {
    const [account = 0, other = 0] = api.accountIds;
    const foreign = api.world.patients.in({ accountId: other })[0] as Entry;
    const location = api.world.locations.in({ accountId: other })[0] as Entry;
    const cases: [string, number][] = [
      [`/account/${account}/patients/12`, 404],
      [`/account/${account}/patients/abc`, 400],
      [`/account/${account}/patients/${foreign.key}`, 404],
      [`/account/${account}/patients/${foreign.key}/health-profile/allergies`, 404],
      [`/account/${account}/location/${location.key}/appointment`, 404],
      [`/account/99/patients`, 403],
      [`/account/${account}/patients?limit=101`, 400],
      [`/account/${account}/patients?cursor=made-up`, 400],
      [`/account/${account}/category?active=maybe`, 400],
      [`/account/${account}/nothing`, 404],
    ];
    for (const [path, status] of cases) {
      const reply = await client.send('GET', path);
      expect([path, reply.status]).toEqual([path, status]);
      expect(reply.json).toMatchObject({ error: expect.any(String), message: expect.any(String) });
    }
  });

  test('a token is needed, and holds as long as it was promised', async () => {
    const bare = await fetch(`${api.url}/partner/v2/role-group`);
    expect(bare.status).toBe(401);
    const wrong = await fetch(api.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' }),
    });
    expect(wrong.status).toBe(401);
    const own = new OddClient(api);
    expect((await own.get('/role-group')).status).toBe(200);
    api.revokeTokens();
    expect((await own.get('/role-group')).status).toBe(401);
    client = new OddClient(api);
  });
});

function pick(op: string): { method: string | undefined; path: string | undefined } {
  const operation = operations.get(op);
  return { method: operation?.method, path: operation?.path };
}
