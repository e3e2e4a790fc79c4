import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { planNightlySync } from '../../src/nightly/plan.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS, nextDay, requestsOf, Syncer } from '../support/night.ts';
import { oldest } from '../support/oldest.ts';

/** Nightly syncs whose budget of requests ends before they do. */

describe('a budget', () => {
  const database = useTestDatabase();
  const DAYS = 7;
  let simulator: Simulator;
  let syncer: Syncer;
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 22, patients: 60, accounts: [1001], locationsPerAccount: 2 });
    syncer = new Syncer({ api: simulator, databaseUrl: database.url, freshnessDays: DAYS });
    expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
  });
  afterAll(async () => {
    await syncer.close();
    await simulator.stop();
  });

  const plan = (budget: number | null) =>
    planNightlySync(syncer.deps, { selection: everything, budget, requestsPerSecond: 10 });

  test('is planned as the nightly sync then spends it', async () => {
    syncer.clock.jump(DAY_MS);
    const { lines, requests, range } = await plan(null);
    simulator.resetStats();
    const report = await syncer.run('sync');
    expect(report).toMatchObject({ status: 'succeeded' });
    const sent = await requestsOf(database.url, report.runId);
    const planned = new Map<string, number>();
    for (const line of lines) planned.set(line.resource, (planned.get(line.resource) ?? 0) + line.requests);
    // Nothing has changed and there is no change hint, so the plan knows all but the pages of each status that a list is walked
    // through: it counts a page for every hundred open rows, where each status begins a page of its own.
    expect(Math.abs(simulator.stats().requests - requests)).toBeLessThanOrEqual(Math.ceil(0.05 * requests));
    expect(simulator.stats().requests).toBeGreaterThanOrEqual(range.from);
    expect(simulator.stats().requests).toBeLessThanOrEqual(range.to);
    for (const [resource, count] of sent) {
      expect(
        Math.abs(count - (planned.get(resource) ?? 0)),
        `${resource}: ${count} sent, ${planned.get(resource)} planned`,
      ).toBeLessThanOrEqual(4);
    }
  });

  test('has a range that nightly syncs with changes fall into, which is narrower than a full read', async () => {
    for (let night = 1; night <= 4; night += 1) {
      nextDay(simulator, syncer);
      const { range, requests, fullRead } = await plan(null);
      expect(range.from).toBeLessThanOrEqual(requests);
      simulator.resetStats();
      expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded' });
      const sent = simulator.stats().requests;
      expect(sent, `night ${night}`).toBeGreaterThanOrEqual(range.from);
      expect(sent, `night ${night}`).toBeLessThanOrEqual(range.to);
      if (night > 2) expect(range.to).toBeLessThan(fullRead);
    }
  });

  test('that ends in the rotation is spent on the most valuable parts first, and everything is checked all the same', async () => {
    const { lines, budgetForFloor } = await plan(null);
    const nightly = lines.reduce((sum, { phase, requests }) => sum + (phase === 'rotation' ? 0 : requests), 0);
    // A third of what the rotation should have, and a little for change hints.
    const budget = nightly + Math.ceil((budgetForFloor - nightly) / 3) + 10;
    const { daysToComeRound } = await plan(budget);
    expect(daysToComeRound).toBeGreaterThan(DAYS);
    const began = syncer.clock.now();
    const most = (daysToComeRound ?? 0) * 2;
    let nights = 0;
    let left: string[] = ['all'];
    while (left.length > 0 && nights < most) {
      nights += 1;
      nextDay(simulator, syncer);
      const at = syncer.clock.now();
      simulator.resetStats();
      const report = await syncer.run('sync', { maxRequests: budget });
      expect(report, `night ${nights}`).toMatchObject({ status: 'incomplete', exitCode: 5 });
      expect(report.error?.code).toBe('stop.budget');
      expect(simulator.stats().requests).toBe(budget);
      const certified = await query<{ operation: string; n: number }>(
        database.url,
        `SELECT operation, count(*)::int AS n FROM lobbie_sync.sweeps WHERE status = 'certified' AND started_at >= $1 GROUP BY 1`,
        [at],
      );
      const done = new Map(certified.map(({ operation, n }) => [operation, n]));
      expect(done.get('listPatients'), `night ${nights}`).toBe(1);
      for (const operation of ['Appointments', 'FormPackets', 'Invoices', 'Labs', 'Notifications', 'PaymentRequests'])
        expect(done.get(`list${operation}#recent`), `night ${nights}: ${operation}`).toBe(2);
      left = (await oldest(database.url, syncer.clock.now()))
        .filter(({ days }) => days > (syncer.clock.now().getTime() - began.getTime()) / DAY_MS)
        .map(({ list }) => list);
    }
    expect(left, `after ${nights} nights of ${budget} requests`).toEqual([]);
  });

  test('that ends in the sweep of the patients deletes nothing and is made up for', async () => {
    nextDay(simulator, syncer);
    expect(await syncer.run('sync', { maxRequests: 4 })).toMatchObject({ status: 'incomplete', exitCode: 5 });
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.deletes WHERE status = 'held'`)).toBe(0);
    expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded', exitCode: 0 });
    const late = (await oldest(database.url, syncer.clock.now())).filter(({ days }) => days > DAYS);
    expect(late).toEqual([]);
  });
});
