import { describe, expect, test } from 'vitest';
import { latestMassChanges } from '../../src/state/mass-changes.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS } from '../support/night.ts';
import { contentOf, mirrorDifferences } from './mirror.ts';
import { useStage } from './stage.ts';

/** Nights on which an unusual part of a list changes: what they cost, what they say, and how what they leave is caught up. */

const PATIENTS = 120;
const BELOW = ['allergies', 'medications', 'problems', 'category_transitions', 'patient_categories'];
/** Requests of a nightly sync on which nothing changed, after the first one. */
let quiet: number;
const stage = useStage(
  { seed: 41, patients: PATIENTS, accounts: 1, locations: 2, fullPages: true },
  {
    syncer: { freshnessDays: 30 },
    daysLater: 3,
    fill: async (syncer) => {
      await night(syncer);
      quiet = await night(syncer);
      expect(await latestMassChanges(syncer.deps.db)).toEqual([]);
    },
  },
);

/** Requests of a nightly sync of the next day. */
async function night(syncer = stage.syncer): Promise<number> {
  syncer.clock.jump(DAY_MS);
  stage.api.requests.clear();
  expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded', exitCode: 0 });
  return stage.api.requests.count();
}

const noted = () => latestMassChanges(stage.syncer.deps.db);
const versions = () => count(stage.database.url, 'SELECT max(_version) FROM lobbie.patients');
const deferred = () =>
  count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.checks WHERE deferred_since IS NOT NULL');
const due = () => count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.checks WHERE due_since IS NOT NULL');
const patients = () => stage.api.world.patients.keys();
/** Changes of the world, taken back afterwards. */
async function changed(ids: readonly number[], changes: object, work: () => Promise<void>): Promise<void> {
  const before = new Map(ids.map((id) => [id, { ...stage.api.world.patients.get(id) }]));
  for (const id of ids) stage.api.world.patients.update(id, { ...changes });
  try {
    await work();
  } finally {
    for (const [id, row] of before) stage.api.world.patients.update(id, row, { stamp: false });
  }
}

describe('a night on which all patients changed', () => {
  test.each<[string, object]>([
    ['a field of theirs', { kind: 'set-field', op: 'listPatients', field: 'lastName', value: 'Other' }],
    ['their updatedAt alone', { kind: 'stamp-shift', op: 'listPatients', field: 'updatedAt', ms: 60_000 }],
  ])('costs what a quiet one costs: %s', async (_name, spec) => {
    stage.odd(spec);
    expect(await night()).toBeLessThanOrEqual(quiet * 1.05);
    expect(await versions()).toBe(2);
    // It is said, by resource and counts. Some patients have no updatedAt to move.
    const [change, ...others] = await noted();
    expect(others).toEqual([]);
    expect(change).toMatchObject({ resource: 'patients', rows: PATIENTS, locationId: null });
    expect(change?.changed).toBeGreaterThan(PATIENTS / 2);
    expect(change?.hintsDeferred).toBe((change?.changed ?? 0) * BELOW.length);
    expect(stage.syncer.log.text).toContain('an unusual part of a list changed');
    // The next one is quiet, reports none, and asks for no more than the rotation does.
    stage.api.odd.clear();
    stage.odd({ ...spec });
    expect(await night()).toBeLessThanOrEqual(quiet * 1.05);
    expect(await noted()).toEqual([]);
  });

  test('is caught up by the rotation within the freshness target, with what changed below', async () => {
    const [first = 0] = patients();
    await stage.syncer.close();
    stage.syncer = stage.open(stage.database.url, Date.now() + 3 * DAY_MS, { freshnessDays: 8 });
    const allergy = stage.api.world.allergies.entries().find(({ home }) => home.accountId === stage.api.accountIds[0]);
    await changed(patients(), { lastName: 'X' }, async () => {
      stage.odd({ kind: 'set-field', op: 'listPatients', field: 'lastName', value: 'Other' });
      const added = stage.api.world.allergies.add(
        { ...allergy?.row, id: 99_000_001, patientId: first },
        { ...allergy?.home, parentId: first },
      );
      try {
        for (let days = 0; days < 8; days += 1) await night();
        expect(await deferred()).toBe(0);
        expect(await count(stage.database.url, 'SELECT count(*) FROM lobbie.allergies WHERE id = 99000001')).toBe(1);
        const old = new Date(stage.syncer.clock.now().getTime() - 8 * DAY_MS);
        expect(
          await count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.checks WHERE checked_at < $1', [old]),
        ).toBe(0);
      } finally {
        stage.api.world.allergies.delete(added);
      }
    });
  });

  test('does not put off what another hint asks for on that night', async () => {
    const [one = 0] = patients();
    const visit = stage.api.world.appointments.entries().find((entry) => {
      const start = Date.parse(String(entry.row['startTime']));
      return start > stage.syncer.clock.now().getTime() + DAY_MS;
    });
    if (visit === undefined) throw new Error('no visit ahead');
    const { row } = visit;
    stage.odd({ kind: 'set-field', op: 'listPatients', field: 'lastName', value: 'Other' });
    stage.api.world.appointments.update(visit.key, { note: 'changed' });
    try {
      stage.api.requests.clear();
      await night();
      const patient = String(row['patientId'] ?? one);
      const read = stage.api.requests
        .of('listAllergies')
        .filter(({ path, query: asked }) => `${path}?${JSON.stringify(asked)}`.includes(patient));
      expect(read.length).toBe(1);
    } finally {
      stage.api.world.appointments.update(visit.key, row, { stamp: false });
    }
  });
});

describe('cousins', () => {
  test('few changed rows are followed at once: a fifth of the patients is no mass change', async () => {
    const some = patients().slice(0, PATIENTS / 5);
    await changed(some, { lastName: 'Other' }, async () => {
      expect(await night()).toBeGreaterThanOrEqual(quiet + some.length * (BELOW.length - 1));
      expect(await noted()).toEqual([]);
      expect(await due()).toBe(0);
    });
  });

  test('many new patients are no mass change: their lists are read at once', async () => {
    const [model = 0] = patients();
    const { row, home } = stage.api.world.patients.find(model) ?? {};
    const added: number[] = [];
    for (let n = 0; n < 70; n += 1) added.push(stage.api.world.patients.add({ ...row, id: 8_000_000 + n }, home));
    try {
      expect(await night()).toBeGreaterThanOrEqual(quiet + 70 * (BELOW.length - 1));
      expect(await noted()).toEqual([]);
    } finally {
      for (const id of added) stage.api.world.patients.delete(id);
    }
  });

  test('a category that is renamed on all patients costs nothing and is found by the rotation', async () => {
    const names = new Map(stage.api.world.patientCategories.entries().map(({ key, row }) => [key, row]));
    for (const key of names.keys()) stage.api.world.patientCategories.update(key, { categoryName: 'Renamed' });
    try {
      expect(await night()).toBeLessThanOrEqual(quiet * 1.05);
      expect(await noted()).toEqual([]);
    } finally {
      for (const [key, row] of names) stage.api.world.patientCategories.update(key, row, { stamp: false });
    }
  });

  test('all visits of a location that change do not read all of its patients', async () => {
    stage.odd({ kind: 'set-field', op: 'listAppointments', field: 'note', value: 'same for all' });
    const cost = await night();
    const changes = await noted();
    const stored = await count(
      stage.database.url,
      `SELECT count(*) FROM lobbie.appointments WHERE note = 'same for all'`,
    );
    expect(stored).toBeGreaterThan(50);
    expect(changes.map(({ resource }) => resource)).toContain('appointments');
    expect(cost).toBeLessThanOrEqual(quiet * 1.05);
  });

  test('a run that is stopped before it looked is followed by one that looks', async () => {
    stage.odd({ kind: 'set-field', op: 'listPatients', field: 'lastName', value: 'Other' });
    stage.syncer.clock.jump(DAY_MS);
    stage.api.requests.clear();
    // Ends with its budget, in the middle of the small lists.
    expect(await stage.syncer.run('sync', { maxRequests: 12 })).toMatchObject({ status: 'incomplete' });
    stage.api.requests.clear();
    expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
    expect(stage.api.requests.count()).toBeLessThanOrEqual(quiet * 1.05);
    expect(await due()).toBe(0);
    expect(await count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.mass_changes')).toBe(1);
  });

  test('a backfill that finds everything changed reports none: it reads everything anyway', async () => {
    stage.odd({ kind: 'set-field', op: 'listPatients', field: 'lastName', value: 'Other' });
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect(await query(stage.database.url, 'SELECT resource FROM lobbie_sync.mass_changes')).toEqual([]);
    expect(await mirrorDifferences(stage.database.url, await contentOf(stage.database.url))).toEqual([]);
  });
});
