import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { MovableClock } from '../support/clock.ts';
import { readAsText } from '../support/compare.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { control, count, query } from '../support/harness.ts';
import { until } from '../support/harness-process.ts';
import { DAY_MS, FIRST_RUN, historyFaults, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';
import { TABLES } from '../support/truth.ts';

/** A nightly sync that is killed at some moment, and the one that continues it. */

const CHILD = fileURLToPath(new URL('../support/night-child.ts', import.meta.url));
const filled = useTestDatabase();
const copies: TestDatabase[] = [];
let simulator: Simulator;
/** Requests of a nightly sync that nothing interrupts. */
let plain: number;
let undisturbed: string[];
let moment = FIRST_RUN + DAY_MS;

const copy = async (): Promise<TestDatabase> => {
  const made = await copyDatabase(filled);
  copies.push(made);
  return made;
};

function spawnNight(url: string) {
  moment += 60_000;
  const child = spawn(process.execPath, [CHILD], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NIGHT_API: simulator.url,
      NIGHT_TOKENS: simulator.tokenUrl,
      NIGHT_DATABASE: url,
      NIGHT_AT: String(moment),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ...out })),
  );
  return { child, ended };
}

/** Every row of every table, and of every superseded version, without the columns that differ from run to run. */
async function contents(url: string): Promise<string[]> {
  const all: string[] = [];
  for (const schema of ['lobbie', 'lobbie_history']) {
    for (const table of TABLES) {
      const own = ['_run_id', '_loaded_at', '_read_at', 'valid_from', 'valid_to', '_deleted_at'];
      const rows = await readAsText(
        url,
        `SELECT ((to_jsonb(t) - '{${own.join(',')}}'::text[]) || jsonb_build_object('gone', _deleted_at IS NOT NULL))::text AS row FROM ${schema}.${table} t`,
      );
      all.push(...rows.map(({ row }) => `${schema}.${table} ${row}`));
    }
  }
  return all.sort();
}

beforeAll(async () => {
  simulator = await startSimulator({ seed: 5, patients: 60, accounts: [1001], latencyMs: 1 });
  const first = new Syncer({ api: simulator, databaseUrl: filled.url });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
  simulator.evolve(1);
  for (const { id } of await query<{ id: string }>(
    filled.url,
    'SELECT id::text AS id FROM lobbie.patients ORDER BY id LIMIT 2',
  ))
    await control(simulator, '/hide', { account: 1001, resource: 'patients', id: Number(id) });
  const { url } = await copy();
  const calm = new Syncer({ api: simulator, databaseUrl: url, clock: new MovableClock({ now: moment }) });
  simulator.resetStats();
  expect(await calm.run('sync')).toMatchObject({ status: 'succeeded', exitCode: 0 });
  await calm.close();
  plain = simulator.stats().requests;
  undisturbed = await contents(url);
});
afterAll(async () => {
  for (const each of copies) await dropDatabase(each);
  await simulator.stop();
});

/** Numbers in [0, 1) that are the same every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(20260116);

test.each([0, 1, 2].map((third) => (third + random()) / 3))(
  'a nightly sync killed at %f of its requests is completed by the next run',
  async (at) => {
    const { url } = await copy();
    simulator.resetStats();
    const killed = spawnNight(url);
    const alive = await until(killed, () => simulator.stats().requests >= at * plain);
    expect(alive, 'the night ended before it could be killed').toBe(true);
    killed.child.kill('SIGKILL');
    await killed.ended;

    const next = await spawnNight(url).ended;
    expect(next.code, next.stderr.slice(-2000)).toBe(0);
    expect(await query(url, `SELECT kind, status FROM lobbie_sync.runs WHERE kind = 'sync' ORDER BY id`)).toEqual([
      { kind: 'sync', status: 'incomplete' },
      { kind: 'sync', status: 'succeeded' },
    ]);
    expect(await contents(url)).toEqual(undisturbed);
    expect(await historyFaults(url, TABLES)).toEqual([]);
    expect(await count(url, 'SELECT count(*) FROM lobbie_sync.leases')).toBe(0);
    expect(await count(url, `SELECT count(*) FROM lobbie_sync.passes WHERE status = 'open'`)).toBe(0);
    expect(
      await count(url, `SELECT count(*) FROM lobbie_sync.deletes WHERE status = 'applied' AND resource = 'patients'`),
    ).toBeGreaterThanOrEqual(2);
  },
);
