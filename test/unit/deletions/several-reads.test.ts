import { expect, test } from 'vitest';
import { verdicts } from '../../../src/deletions/judge.ts';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { Resource } from '../../../src/extractors/resource.ts';
import type { SweepRow } from '../../../src/state/passes.ts';

const labs = resourceNamed('labs');
const [read] = labs.reads;
if (read === undefined) throw new Error('labs is not read');
const twice: Resource = { ...labs, reads: [read, { ...read, operation: 'listPatients' }] };
const sweep = (id: string, more: Partial<SweepRow> = {}): SweepRow => ({
  ...{ id, location_id: '7', operation: read.operation, status: 'certified', whole: true, rows_rejected: '0' },
  started_at: new Date('2026-01-15T02:00:00Z'),
  finished_at: null,
  ...more,
});

test('a row that two lists can serve is only absent when neither has it', () => {
  const both = [sweep('1'), sweep('2', { operation: 'listPatients' })];
  expect(verdicts(twice, both, true)).toEqual([{ sweeps: both, locationId: null }]);
  expect(verdicts(twice, [sweep('1'), sweep('2', { status: 'open' })], true)).toEqual([]);
  expect(verdicts(twice, both, false)).toEqual([]);
  expect(verdicts(labs, [sweep('1')], true)).toEqual([{ sweeps: [sweep('1')], locationId: '7' }]);
});
