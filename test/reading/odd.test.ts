import { beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/runs/run.ts';
import type { OddSpec } from '../odd-api/start.ts';
import { query } from '../support/harness.ts';
import { DAY_MS } from '../support/night.ts';
import { contentOf, mirrorDifferences } from './mirror.ts';
import { useStage } from './stage.ts';

/**
 * Odd answers of an API of another make. The oracle is the same for all: a run that says `succeeded` has left the tables as a run
 * over plain answers does; any other run says so, has lost nothing, and is followed by one that heals.
 */

const stage = useStage({ seed: 17, patients: 12, accounts: 1, locations: 2 });
let right: ReadonlyMap<string, ReadonlySet<string>>;

beforeAll(async () => {
  right = await contentOf(stage.filled.url);
});

const versions = async () =>
  (
    await query<{ n: number }>(
      stage.database.url,
      'SELECT sum(_version)::int AS n FROM (SELECT _version FROM lobbie.patients UNION ALL SELECT _version FROM lobbie.appointments UNION ALL SELECT _version FROM lobbie.patient_categories UNION ALL SELECT _version FROM lobbie.forms) v',
    )
  )[0]?.n;

/** Runs over the odd answers and then over plain ones, and holds both to the oracle. */
async function survive(
  specs: readonly OddSpec[],
  kind: 'backfill' | 'sync',
): Promise<{ report: RunReport; problems: string[]; names: string[] }> {
  const names = specs.map((spec) => stage.api.odd.add(spec));
  const report = await stage.syncer.run(kind, { restart: true });
  const problems = (
    await query<{ code: string }>(
      stage.database.url,
      `SELECT DISTINCT code FROM lobbie_sync.run_problems WHERE run_id = ${report.runId} ORDER BY 1`,
    )
  ).map(({ code }) => code);
  for (const name of names) expect(stage.api.odd.applied(name), `${name} never happened`).toBeGreaterThan(0);
  const differences = await mirrorDifferences(stage.database.url, right);
  if (report.status === 'succeeded') expect(differences).toEqual([]);
  stage.api.odd.clear();
  stage.syncer.clock.jump(DAY_MS);
  const after = await stage.syncer.run('backfill', { restart: true });
  expect([after.status, after.exitCode]).toEqual(['succeeded', 0]);
  expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
  return { report, problems, names };
}

const single = ['getPatientCategory', 'getFormPacket', 'getRemoteCareSetting'];
const bodies = [
  '{"error":"temporarily unavailable"}',
  '{}',
  '{"success":false}',
  '[]',
  'null',
  '"ok"',
  '{"data":null}',
  '{"message":"x","status":"error"}',
];

describe('R1: an answer that is none', () => {
  test.each(single.flatMap((op) => bodies.map((text) => [op, text] as const)))('%s answers %s', async (op, text) => {
    const before = await versions();
    const { report, problems } = await survive([{ kind: 'error-body', op, text } as OddSpec], 'backfill');
    expect(report.status).toBe('partial');
    expect(problems.join()).toMatch(/contract\./);
    expect(await versions()).toBe(before);
  });
});

const reported: readonly (readonly [string, OddSpec])[] = [
  ['R5 latin1', { kind: 'latin1', op: 'listStaff' } as OddSpec],
  ['R5 gzip that is none', { kind: 'gzip-lie', op: 'listStaff' } as OddSpec],
  ['R7 list under another name', { kind: 'list-key', op: 'listPatients', to: 'rows' } as OddSpec],
  ['R8 another patient', { kind: 'foreign-rows', op: 'listAllergies', field: 'patientId', value: 1 } as OddSpec],
  ['R8 another account', { kind: 'foreign-rows', op: 'listPatients', field: 'accountId', value: 1 } as OddSpec],
  ['R8 another location', { kind: 'foreign-rows', op: 'listAppointments', field: 'locationId', value: 1 } as OddSpec],
  ['R20 401 for one list', { kind: 'refused', op: 'listStaff', status: 401 } as OddSpec],
  ['R20 403 for one list', { kind: 'refused', op: 'listMedications', status: 403 } as OddSpec],
  ['R20 404 for one list', { kind: 'refused', op: 'listLabs', status: 404 } as OddSpec],
  ['R23 empty pages for ever', { kind: 'empty-pages', op: 'listPatients' } as OddSpec],
  ['R23 endless pages', { kind: 'endless-pages', op: 'listPatients' } as OddSpec],
  ['R23 a cursor that repeats', { kind: 'cursor-repeats', op: 'listPatients' } as OddSpec],
];

test.each(reported)('%s is reported, and nothing is lost', async (_name, spec) => {
  const { report } = await survive([spec], 'backfill');
  expect(report.status).toBe('partial');
  expect(report.exitCode).toBe(4);
});

const harmless: readonly (readonly [string, OddSpec])[] = [
  ['R4 keys in another order', { kind: 'shuffled-keys' } as OddSpec],
  ['R4 a moving field', { kind: 'moving-field', field: 'servedAt', form: 'instant' } as OddSpec],
  ['R4 a new field', { kind: 'new-field', field: 'loyalty', value: 'gold' } as OddSpec],
  [
    'R4 a field that moves within patients',
    { kind: 'moving-field', op: 'listPatients', field: 'avatarUrl', form: 'url' } as OddSpec,
  ],
  ['R5 UTF-16 with its mark', { kind: 'utf16', op: 'listStaff', mark: true } as OddSpec],
  ['R5 a byte order mark', { kind: 'bom' } as OddSpec],
  ['R7 unknown keys beside the rows', { kind: 'unknown-top-key', key: 'total', value: 5 } as OddSpec],
  ['R23 rows that move between pages', { kind: 'rows-move', op: 'listPatients' } as OddSpec],
  ['R12 a filter that is refused', { kind: 'filter-refused', filter: 'status' } as OddSpec],
  ['a late answer', { kind: 'delay', op: 'listPatients', ms: 50 } as OddSpec],
  ['R2 no Date header', { kind: 'date-missing' } as OddSpec],
  ['R2 a Date header that is none', { kind: 'date-garbage', value: 'soon' } as OddSpec],
];

describe.each(['backfill', 'sync'] as const)('in a %s', (kind) => {
  test.each(harmless)('%s changes nothing', async (_name, spec) => {
    const before = await versions();
    const { report } = await survive([spec], kind);
    expect([report.status, report.exitCode]).toEqual(['succeeded', 0]);
    expect(await versions()).toBe(before);
  });
});
