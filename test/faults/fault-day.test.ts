import { expect, test } from 'vitest';
import { FAULT_KINDS, type FaultKind, type FaultRule, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, onPaginated, type Place, runOnce } from '../support/harness.ts';
import { readTruth } from '../support/truth.ts';

const database = useTestDatabase();

/** Kinds that change what a good answer says: what they bring is stored as it came, so the last run has none of them. */
const MISLEADING: readonly FaultKind[] = ['bad-record', 'unknown-field', 'shift', 'lost-grant'];

/** Every kind, each at one to five per cent of the requests. */
const day = (kinds: readonly FaultKind[]): FaultRule[] =>
  kinds.flatMap((kind, index) => {
    const rule: FaultRule = {
      kind,
      probability: kind === 'timeout' ? 0.01 : 0.01 + (index % 3) * 0.02,
      ...(kind === 'status' ? { status: 503 } : {}),
      ...(kind === 'slow-body' ? { delayMs: 200 } : {}),
    };
    // An attribute of a template may do without an id, so that one without is no bad record but another row.
    return kind === 'empty-page' || kind === 'bad-record' ? onPaginated(rule) : [rule];
  });

test('a day on which everything fails now and then ends with the whole truth', async () => {
  const simulator = await startSimulator({ seed: 11, patients: 40, locationsPerAccount: 3, tokenTtlSeconds: 4 });
  const truth = await readTruth(simulator);
  const place: Place = { api: simulator, databaseUrl: database.url };
  const client = { timeoutMs: 1500, retry: { baseMs: 20, capMs: 500 } };
  let runs = 0;
  for (const kinds of [FAULT_KINDS, FAULT_KINDS, FAULT_KINDS.filter((kind) => !MISLEADING.includes(kind))]) {
    // Turned, because draws go by the place of a rule: the same requests would be hit every time.
    const rules = day(kinds);
    const turn = runs * 7;
    simulator.setFaults([...rules.slice(turn), ...rules.slice(0, turn)]);
    runs += 1;
    const report = await runOnce(place, { client });
    expect([0, 4]).toContain(report.exitCode);
  }
  simulator.setFaults([]);
  expect(simulator.stats().tokenCalls).toBeGreaterThan(3);
  expect(await differences(database.url, truth)).toEqual([]);
  expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.runs WHERE status = 'running'`)).toBe(0);
  await simulator.stop();
});
