import { parseJson, stringifyJson } from '../../src/api/json.ts';
import type { OddSpec } from '../odd-api/start.ts';
import { startOddApi } from '../odd-api/start.ts';
import type { Place } from './harness.ts';
import type { Call, Reply } from './harness-api.ts';
import type { Stored } from './push.ts';
import { SmallApi } from './push-api.ts';

/** The kinds of misbehaviour that both APIs have; see test/odd-api/README.md. */
type Kind =
  | 'no-effect'
  | 'late-effect'
  | 'lost-answer'
  | 'answered-as'
  | 'put-nulls'
  | 'kept-otherwise'
  | 'slots-rounded'
  | 'taken-slot'
  | 'stamp-local'
  | 'merged';
export type Misbehaviour = Extract<OddSpec, { kind: Kind }>;

/** An API that can be told to misbehave, for tests that go through APIs of different make. */
export interface Make {
  readonly account: number;
  readonly location: number;
  place(databaseUrl: string): Place;
  /** What it truly has. */
  truth(kind: 'patients' | 'visits'): Stored[];
  /** Somebody else changes a record there, or adds one with `id` 0. */
  change(kind: 'patients' | 'visits', id: number, fields: object): void;
  /** How often an operation was requested. */
  sent(operation: string): number;
  misbehave(...how: Misbehaviour[]): void;
  behave(): void;
  stop(): Promise<void>;
}

export const MAKES: readonly { readonly make: string; start(): Promise<Make> }[] = [
  { make: 'the odd API', start: startOdd },
  { make: 'the small API', start: startSmall },
];

async function startOdd(): Promise<Make> {
  const api = await startOddApi({ seed: 'writing', patients: 120, accounts: 1, locations: 1 });
  const [account = 0] = api.accountIds;
  const location = api.world.locations.keys()[0] ?? 0;
  const kinds = { patients: api.world.patients, visits: api.world.appointments };
  return {
    account,
    location,
    place: (databaseUrl) => ({
      api,
      databaseUrl,
      accounts: [String(account)],
      env: {
        LOBBIE_CLIENT_ID: api.clientId,
        LOBBIE_CLIENT_SECRET: api.clientSecret,
        LOBBIE_PUSH_SETTLE_SECONDS: '0',
      },
    }),
    truth: (kind) => kinds[kind].entries().map(({ key, row }) => ({ ...row, id: key })),
    change: (kind, id, fields) => {
      if (id !== 0) kinds[kind].update(id, { ...fields });
      else
        kinds[kind].add({ ...fields }, { accountId: account, ...(kind === 'visits' ? { locationId: location } : {}) });
    },
    sent: (operation) => api.requests.count(operation),
    misbehave: (...how) => {
      for (const each of how) api.odd.add(each);
    },
    behave: () => {
      api.odd.clear();
      api.requests.clear();
    },
    stop: async () => {
      await api.close();
      if (api.faults.length > 0) throw new Error(`the odd API failed itself: ${api.faults.length} times`);
    },
  };
}

async function startSmall(): Promise<Make> {
  const api = await SmallApi.start();
  for (let id = 1; id <= 40; id += 1) {
    const person = { firstName: `Given${id}`, lastName: `Family${id}`, dateOfBirth: '1980-02-03', gender: 'female' };
    api.patients.set(String(id), { id, ...person, email: `p${id}@example.com`, mobilePhone: `1212555${1000 + id}` });
    const startTime = `2027-02-${String((id % 28) + 1).padStart(2, '0')}T15:00:00Z`;
    const visit = { patientId: id, practitionerId: 3, appointmentTypeId: 4, startTime, status: 'SCHEDULED' };
    api.visits.set(String(id), { id, ...visit, note: `note ${id}` });
  }
  const serve = api.fake.intercept;
  let active: { how: Misbehaviour; used: number }[] = [];
  const sent: string[] = [];
  const late: { call: Call; after: number }[] = [];
  const records = (kind: 'patients' | 'visits') => api[kind];
  const work = async (call: Call, rest: readonly { how: Misbehaviour; used: number }[]): Promise<Reply | undefined> => {
    const [each, ...others] = rest;
    if (each === undefined) return await serve(call);
    const { how } = each;
    const ops = typeof how.op === 'string' ? [how.op] : (how.op ?? []);
    if (!ops.includes(operationOf(call)) || each.used >= (how.times ?? Number.POSITIVE_INFINITY))
      return await work(call, others);
    each.used += 1;
    if (each.used < (how.fromNth ?? 1)) return await work(call, others);
    const next = (changed = call) => work(changed, others);
    return await smallKind(how, call, next, { api, late, now: sent.length });
  };
  api.fake.intercept = async (call) => {
    for (const each of late.filter(({ after }) => after <= sent.length)) await serve(each.call);
    late.splice(0, late.length, ...late.filter(({ after }) => after > sent.length));
    sent.push(operationOf(call));
    return await work(call, active);
  };
  return {
    account: 7,
    location: 70,
    place: (databaseUrl) => ({
      ...{ api: api.fake, databaseUrl, accounts: ['7'], env: { LOBBIE_PUSH_SETTLE_SECONDS: '0' } },
    }),
    truth: (kind) => [...records(kind).values()],
    change: (kind, id, fields) => {
      const key = id === 0 ? 500 + records(kind).size : id;
      records(kind).set(String(key), { ...records(kind).get(String(key)), ...fields, id: key });
    },
    sent: (operation) => sent.filter((each) => each === operation).length,
    misbehave: (...how) => {
      active = [...active, ...how.map((each) => ({ how: each, used: 0 }))];
    },
    behave: () => {
      active = [];
      sent.length = 0;
    },
    stop: () => api.stop(),
  };
}

function operationOf({ method, path }: Call): string {
  const verb = { GET: 'get', POST: 'create', PUT: 'update', DELETE: 'delete' }[method] ?? 'other';
  const one = /\/\d+$/.test(path) && !/account\/\d+$/.test(path);
  const what = path.includes('/patients') ? 'Patient' : 'Appointment';
  return verb === 'get' && !one ? `list${what}s` : `${verb}${what}`;
}

/** The kinds as this API has them. */
async function smallKind(
  how: Misbehaviour,
  call: Call,
  next: (changed?: Call) => Promise<Reply | undefined>,
  { api, late, now }: { api: SmallApi; late: { call: Call; after: number }[]; now: number },
): Promise<Reply | undefined> {
  const kind = call.path.includes('/patients') ? api.patients : api.visits;
  const id = /\/(\d+)$/.exec(call.path)?.[1] ?? '';
  const text = (value: unknown) => stringifyJson(value) ?? '';
  const body = call.body === '' ? {} : (parseJson(call.body) as Record<string, unknown>);
  const withBody = (changed: object): Call => ({ ...call, body: text(changed) });
  switch (how.kind) {
    case 'no-effect':
      return { status: how.status ?? 200, text: text(how.json ?? { success: false }) };
    case 'late-effect':
      late.push({ call, after: now + (how.afterRequests ?? 1e9) - 1 });
      return { status: 202, text: '{"accepted":true}' };
    case 'lost-answer':
      await next();
      return { status: 502, text: '' };
    case 'answered-as':
      await next();
      return { text: text(kind.get(String(how.id))) };
    case 'merged':
      return id === String(how.oldId)
        ? await next({ ...call, path: call.path.replace(/\d+$/, String(how.newId)) })
        : next();
    case 'put-nulls': {
      await next();
      const record = kind.get(id) ?? {};
      for (const field of how.fields ?? ['firstName', 'lastName', 'dateOfBirth', 'email', 'gender', 'mobilePhone'])
        if (!(field in body)) record[field] = null;
      return { text: text(record) };
    }
    case 'kept-otherwise': {
      const { [how.field ?? 'email']: value, ...rest } = body;
      const kept = keptAs(how.how, String(value));
      return await next(withBody(kept === undefined ? rest : { ...rest, [how.field ?? 'email']: kept }));
    }
    case 'slots-rounded': {
      const grid = (how.minutes ?? 15) * 60_000;
      const at = Math.round(Date.parse(String(body['startTime'])) / grid) * grid;
      return await next(withBody({ ...body, startTime: new Date(at).toISOString() }));
    }
    case 'stamp-local': {
      // New York in summer.
      const local = (at: string) => new Date(Date.parse(at) - 4 * 3_600_000).toISOString().slice(0, 19);
      const { text: whole = '' } = (await next()) ?? {};
      return { text: whole.replaceAll(/("startTime":)"([^"]+)"/g, (_all, key, at) => `${key}"${local(at)}"`) };
    }
    case 'taken-slot': {
      const same = [...api.visits.values()].some(
        (visit) => Date.parse(visit['startTime']) === Date.parse(String(body['startTime'])),
      );
      return same || how.always === true ? { status: 409, text: '{"message":"slot is taken"}' } : await next();
    }
  }
}

function keptAs(how: Extract<Misbehaviour, { kind: 'kept-otherwise' }>['how'], value: string): string | undefined {
  switch (how) {
    case 'folded':
      return value.toLowerCase();
    case 'upper':
      return value.toUpperCase();
    case 'quotes':
      return value.replaceAll("'", '’');
    case 'stripped':
      return value.normalize('NFD').replaceAll(/\p{M}/gu, '');
    case 'trimmed':
      return value.trim();
    case 'dropped':
      return undefined;
  }
}
