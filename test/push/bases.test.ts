import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { type Place, query, withApp } from '../support/harness.ts';
import { apply, enqueue, type NewRow, pull, rowsOf, type Stored } from '../support/push.ts';
import { MAKES, type Make } from '../support/push-makes.ts';

/** What a row compares with does not depend on when its insert commits, and a row that was sent stays as it was sent. */

describe.each(MAKES)('$make', ({ start }) => {
  const database = useTestDatabase();
  let api: Make;
  let place: Place;
  let open: pg.Client;

  beforeAll(async () => {
    api = await start();
    place = api.place(database.url);
    await pull(place, ['locations', 'patients']);
    open = new pg.Client({ connectionString: database.url });
    await open.connect();
  });
  afterAll(async () => {
    await open.end();
    await api.stop();
  });
  beforeEach(() => api.behave());

  let next = 0;
  /** A patient whom no other test has. */
  const another = (): Stored => {
    next += 1;
    return api.truth('patients')[next];
  };
  const truth = (id: number): Stored => api.truth('patients').find((each) => each.id === id);
  const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];
  const queue = async (each: NewRow) => (await enqueue(database.url, [{ account: api.account, ...each }]))[0] ?? '';
  const insert = async (id: number, changes: object): Promise<string> => {
    const { rows } = await open.query(
      `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, changes)
       VALUES ('patients', 'update', $1, $2, $3) RETURNING id`,
      [api.account, id, JSON.stringify(changes)],
    );
    return rows[0].id;
  };

  describe('an insert that is open while another row of the record is delivered', () => {
    test('is delivered as if it had come later: no false conflict, and its change is not lost', async () => {
      const { id } = another();
      await open.query('BEGIN');
      const late = await insert(id, { gender: 'other' });
      await queue({ target: id, changes: { gender: 'male' } });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(truth(id).gender).toBe('male');
      await open.query('COMMIT');
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(late)).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(truth(id).gender).toBe('other');
    });

    test('still sees what somebody else changed meanwhile, also after both', async () => {
      const { id } = another();
      await open.query('BEGIN');
      const late = await insert(id, { gender: 'other' });
      await queue({ target: id, changes: { gender: 'male' } });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      await open.query('COMMIT');
      api.change('patients', id, { gender: 'theirs' });
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(late)).toMatchObject({ status: 'conflict', conflict_fields: ['gender'] });
      expect(truth(id).gender).toBe('theirs');
      await withApp(place, (app) => app.push.resolve(late, { kind: 'conflict', fields: {}, rest: 'ours' }));
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(truth(id).gender).toBe('other');
    });
  });

  test('a write that a base has seen already does not hide what somebody else changed after it', async () => {
    const { id } = another();
    await queue({ target: id, changes: { gender: 'male' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    api.change('patients', id, { gender: 'theirs' });
    await pull(place, ['patients']);
    const after = await queue({ target: id, changes: { gender: 'ours' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(after)).toMatchObject({ status: 'succeeded' });
  });

  test('rows of one record whose ids commit out of order are sent one at a time', async () => {
    const { id } = another();
    await open.query('BEGIN');
    const early = await insert(id, { gender: 'early' });
    const first = await queue({ target: id, changes: { gender: 'first' } });
    const doubt = `UPDATE lobbie_push.outbox SET status = 'in_doubt', not_before = now() + interval '1 hour' WHERE id = $1`;
    await query(database.url, doubt, [first]);
    await open.query('COMMIT');
    // It has the smaller id, and waits all the same: the other one may still take effect.
    await apply(place);
    expect(await row(early)).toMatchObject({ status: 'pending', attempts: 0 });
    await query(database.url, 'UPDATE lobbie_push.outbox SET not_before = NULL, doubt_since = NULL WHERE id = $1', [
      first,
    ]);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(first)).toMatchObject({ status: 'succeeded' });
    expect(await row(early)).toMatchObject({ status: 'succeeded' });
    expect(truth(id).gender).toBe('early');
  });

  test('a row that was sent can not be changed; one that waits can, and takes its base anew', async () => {
    const [one, other] = [another(), another()];
    const waits = await queue({ target: one.id, changes: { gender: 'x' } });
    await query(database.url, 'UPDATE lobbie_push.outbox SET target_id = $2 WHERE id = $1', [waits, other.id]);
    expect((await row(waits)).base).toMatchObject({ id: other.id });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    const change = `UPDATE lobbie_push.outbox SET changes = '{"gender":"never sent"}' WHERE id = $1`;
    for (const status of ['in_flight', 'in_doubt', 'succeeded', 'cancelled']) {
      await query(database.url, 'UPDATE lobbie_push.outbox SET status = $2 WHERE id = $1', [waits, status]);
      await expect(query(database.url, change, [waits]), status).rejects.toMatchObject({ code: '55000' });
    }
    await query(database.url, `UPDATE lobbie_push.outbox SET status = 'succeeded' WHERE id = $1`, [waits]);
  });

  test('many rows of one record leave one note for each field', async () => {
    const { id } = another();
    const rows = Array.from({ length: 12 }, (_, n) => ({
      account: api.account,
      target: id,
      changes: { gender: `g${n}` },
    }));
    await enqueue(database.url, rows);
    expect(await apply(place)).toMatchObject({ exitCode: 0, totals: { succeeded: 12 } });
    expect(truth(id).gender).toBe('g11');
    const notes = 'SELECT count(*)::int AS n FROM lobbie_push.own_writes WHERE record_id = $1';
    expect(await query(database.url, notes, [id])).toEqual([{ n: 1 }]);
  });
});
