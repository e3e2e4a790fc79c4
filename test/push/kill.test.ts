import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, type Place, query } from '../support/harness.ts';
import { kill, spawnPush, until, untilHeld } from '../support/harness-process.ts';
import { apply, enqueue, journalOf, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';
import { WRITE_KINDS, type WriteKind } from '../support/push-kinds.ts';

/** A process that is killed at every point between the insert of a row and the storing of its answer. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
/** The same place with a clock that runs ten times as fast, so that the time to settle is soon over. */
let hasty: Place;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 40, accounts: [1001], locationsPerAccount: 2 });
  const env = { LOBBIE_PUSH_SETTLE_SECONDS: '1' };
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'], env };
  hasty = { ...place, clock: new MovableClock({ speed: 10 }) };
  await pull(hasty);
  // Holds a process at a point within the database until it is killed.
  await query(
    database.url,
    `CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.status <> OLD.status AND NEW.status = (SELECT at FROM public.held) THEN PERFORM pg_sleep(60); END IF;
       RETURN NEW;
     END $$`,
  );
  await query(database.url, 'CREATE TABLE public.held (at text)');
  await query(
    database.url,
    'CREATE TRIGGER hold BEFORE UPDATE ON lobbie_push.outbox FOR EACH ROW EXECUTE FUNCTION public.hold()',
  );
});
afterAll(() => simulator.stop());

interface Point {
  readonly name: string;
  /** A fault of the API at which the process waits for ever. */
  fault?(kind: WriteKind): FaultRule | undefined;
  /** The status before whose commit it waits. */
  readonly holdAt?: string;
  /** What the row says, and whether the effect is there, when it was killed. */
  readonly status: string;
  readonly done: boolean;
}

const POINTS: readonly Point[] = [
  {
    name: 'while it reads the record before the write',
    fault: ({ read }) => (read === null ? undefined : { kind: 'timeout', operation: read }),
    status: 'pending',
    done: false,
  },
  { name: 'before the mark that it is in flight is committed', holdAt: 'in_flight', status: 'pending', done: false },
  {
    name: 'after that, before Lobbie has done anything',
    fault: ({ write }) => ({ kind: 'timeout', operation: write }),
    status: 'in_flight',
    done: false,
  },
  {
    name: 'after Lobbie has done it, before the answer comes',
    fault: ({ write }) => ({ kind: 'timeout-after', operation: write }),
    status: 'in_flight',
    done: true,
  },
  { name: 'before the answer is committed', holdAt: 'succeeded', status: 'in_flight', done: true },
];

describe.each(WRITE_KINDS)('$name', (kind) => {
  const effects = async () => (await journalOf(simulator)).filter((line) => kind.effect.test(line)).length;

  test.each(POINTS.filter((point) => point.fault === undefined || point.fault(kind) !== undefined))(
    'killed $name has exactly one effect',
    async (point) => {
      const [id = ''] = await enqueue(database.url, [await kind.make({ simulator, databaseUrl: database.url })]);
      const before = await effects();
      const fault = point.fault?.(kind);
      await control(simulator, '/faults', fault === undefined ? [] : [fault]);
      if (point.holdAt !== undefined) await query(database.url, 'INSERT INTO public.held VALUES ($1)', [point.holdAt]);
      simulator.resetStats();
      const run = spawnPush(place);
      const sent = async () =>
        (simulator.stats().perOperation[fault?.operation ?? ''] ?? 0) > 0 &&
        (await effects()) === before + (point.done ? 1 : 0);
      const there = await (fault === undefined ? untilHeld(run, database.url) : until(run, sent));
      expect(there, 'the process ended before it could be killed').toBe(true);
      await kill(run, database.url);
      await query(database.url, 'DELETE FROM public.held');
      await control(simulator, '/faults', []);
      expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: point.status });
      expect(await effects()).toBe(before + (point.done ? 1 : 0));

      expect(await apply(hasty, { deletes: true })).toMatchObject({ exitCode: 0, status: 'succeeded' });
      expect(await effects()).toBe(before + 1);
      const [row] = await rowsOf(database.url, [id]);
      expect(row).toMatchObject({ status: 'succeeded' });
      expect(await mirrorAgrees(row)).toBe(true);
      // And once more, to be sure that nothing is left.
      expect(await apply(hasty, { deletes: true })).toMatchObject({ exitCode: 0 });
      expect(await effects()).toBe(before + 1);
    },
  );
});

/** Whether the mirror has what Lobbie has of the record that a row became. */
async function mirrorAgrees(row: Stored): Promise<boolean> {
  const truth = (await truthOf(simulator, row.resource)).find((each) => String(each.id) === row.result_id);
  const [stored] = await query<Stored>(
    database.url,
    `SELECT raw, _deleted_at FROM lobbie.${row.resource} WHERE account_id = $1 AND id = $2`,
    [row.account_id, row.result_id],
  );
  if (row.operation === 'delete') return truth === undefined && stored._deleted_at !== null;
  const { locationId: _place, ...record } = truth;
  const { locationId: _stored, ...raw } = stored.raw;
  return isDeepStrictEqual(record, raw);
}
