import { parseJson, stringifyJson } from '../../src/api/json.ts';
import { type Call, type FakeApi, type Reply, startFakeApi } from './harness-api.ts';

// biome-ignore lint/suspicious/noExplicitAny: records are checked by each test
type Rec = Record<string, any>;

/** How this API differs from the simulator; each test sets what it is about. */
export interface Manners {
  /** What a write answers with. Default: the record. */
  answer: (record: Rec) => unknown;
  /** What listPatients does with its filters: hears them, does not hear them, or finds nobody by them. */
  filters: 'heard' | 'unheard' | 'blind';
  /** Asked before the work of each write; a reply takes its place. */
  before: (call: Call) => Reply | undefined | Promise<Reply | undefined>;
  /** Asked after the work; a reply takes the place of the answer. */
  after: (call: Call) => Reply | undefined | Promise<Reply | undefined>;
  /** Records that lists do not show (yet). */
  hidden: Set<string>;
}

/** A small API of account 7 with patients and the visits of location 70 that remembers what it was told; a second one, written by hand. */
export class SmallApi {
  readonly patients = new Map<string, Rec>();
  readonly visits = new Map<string, Rec>();
  readonly manners: Manners = {
    answer: (record) => record,
    filters: 'heard',
    before: () => undefined,
    after: () => undefined,
    hidden: new Set(),
  };
  /** Writes whose work was done: `POST patients`, `PUT patients/5`, … */
  readonly done: string[] = [];
  readonly fake: FakeApi;
  #nextId = 9_007_199_254_741_000n;

  private constructor(fake: FakeApi) {
    this.fake = fake;
    fake.intercept = (call) => this.#serve(call);
  }

  static async start(): Promise<SmallApi> {
    return new SmallApi(await startFakeApi());
  }

  async #serve(call: Call): Promise<Reply | undefined> {
    if (call.path === 'account/7/location') return { text: '{"locations":[{"id":70}],"nextCursor":null}' };
    const [, kind = '', id] = /^account\/7\/(patients|location\/70\/appointment)(?:\/(\d+))?$/.exec(call.path) ?? [];
    const records = kind === 'patients' ? this.patients : kind === '' ? undefined : this.visits;
    if (records === undefined) return undefined;
    if (call.method === 'GET') return id === undefined ? this.#list(kind, records, call) : this.#one(kind, records, id);
    const early = await this.manners.before(call);
    if (early !== undefined) return early;
    const body = call.body === '' ? {} : (parseJson(call.body) as Rec);
    let record: Rec | undefined;
    if (call.method === 'POST') {
      this.#nextId += 1n;
      const made = { id: this.#nextId, ...body, ...(kind === 'patients' ? {} : { status: 'SCHEDULED' }) };
      records.set(String(this.#nextId), made);
      record = made;
    } else {
      record = records.get(id ?? '');
      if (record === undefined) return { status: 404, text: '{}' };
      if (call.method === 'DELETE') records.delete(id ?? '');
      else Object.assign(record, body);
    }
    this.done.push(
      `${call.method} ${kind === 'patients' ? 'patients' : 'appointment'}${id === undefined ? '' : `/${id}`}`,
    );
    const late = await this.manners.after(call);
    if (late !== undefined) return late;
    if (call.method === 'DELETE') return { status: 204, text: '' };
    const answer = this.manners.answer(record);
    return {
      status: call.method === 'POST' ? 201 : 200,
      text: answer === undefined ? '' : (stringifyJson(answer) ?? ''),
    };
  }

  #list(kind: string, records: ReadonlyMap<string, Rec>, { query }: Call): Reply {
    const wanted = (name: string, value: unknown) => {
      const sought = query.get(name);
      if (sought === null || this.manners.filters === 'unheard') return true;
      return this.manners.filters === 'heard' && sought === String(value ?? '');
    };
    const rows = [...records]
      .filter(([id]) => !this.manners.hidden.has(id))
      .map(([, record]) => record)
      .filter(
        (record) =>
          wanted('email', record['email']) &&
          wanted('name', record['lastName']) &&
          wanted('patientId', record['patientId']),
      );
    const from = Number(query.get('cursor') ?? 0);
    const size = Number(query.get('limit') ?? 2);
    const next = from + size < rows.length ? String(from + size) : null;
    const key = kind === 'patients' ? 'patients' : 'appointments';
    return { text: stringifyJson({ [key]: rows.slice(from, from + size), nextCursor: next }) ?? '' };
  }

  #one(kind: string, records: ReadonlyMap<string, Rec>, id: string): Reply {
    const record = records.get(id);
    if (record === undefined) return { status: 404, text: '{}' };
    const names = kind === 'patients' ? {} : { patientName: 'Some Body', locationName: 'Main' };
    return { text: stringifyJson({ ...record, ...names }) ?? '' };
  }

  stop(): Promise<void> {
    return this.fake.stop();
  }
}
