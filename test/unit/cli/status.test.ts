import { describe, expect, test } from 'vitest';
import type { Finding, ListFreshness, Run, StatusReport } from '../../../src/app.ts';
import { doctorExitCode } from '../../../src/cli/commands/doctor.ts';
import { freshnessLines, judge } from '../../../src/cli/status-document.ts';

const NOW = new Date('2026-01-15T08:00:00Z');
const hours = (count: number) => new Date(NOW.getTime() - count * 3_600_000);

const run = (id: string, status: Run['status'], hoursAgo: number): Run =>
  ({ id, kind: 'sync', status, started_at: hours(hoursAgo + 1), finished_at: hours(hoursAgo) }) as unknown as Run;

const list = (resource: string, hoursAgo: number | null, locationId: string | null = null): ListFreshness => ({
  accountId: '1001',
  locationId,
  resource,
  operation: `list${resource}`,
  lastCertifiedAt: hoursAgo === null ? null : hours(hoursAgo),
  oldestCheckedAt: hoursAgo === null ? null : hours(hoursAgo),
  rows: 10,
});

const report = (changes: Partial<StatusReport>): StatusReport => ({
  at: NOW,
  runs: [],
  running: [],
  abandoned: [],
  lastSuccess: run('7', 'succeeded', 5),
  lastTrouble: null,
  lists: [list('staff', 5)],
  openRejects: [],
  pendingMigrations: [],
  ...changes,
});

const trouble = (id: string, status: Run['status'], hoursAgo: number) =>
  ({ run: run(id, status, hoursAgo), resources: [], problems: [], unknownFields: [] }) as StatusReport['lastTrouble'];

describe('the sentence of status', () => {
  test('all is well', () => {
    expect(judge(report({}))).toEqual({
      ok: true,
      sentence: 'All is well: sync 7 succeeded 5 hours ago and every list is whole.',
    });
  });

  test('rejects are told and are no alarm', () => {
    const verdict = judge(report({ openRejects: [{ resource: 'labs', rejects: 2 }] }));
    expect(verdict).toEqual({ ok: true, sentence: expect.stringContaining('2 rejected records wait') });
  });

  test('a run that failed since is told, one before is not', () => {
    expect(judge(report({ lastTrouble: trouble('8', 'partial', 2) }))).toEqual({
      ok: false,
      sentence: 'Not well: sync 8 ended partial 2 hours ago.',
    });
    expect(judge(report({ lastTrouble: trouble('6', 'failed', 9) })).ok).toBe(true);
    // Ids are compared as numbers.
    expect(judge(report({ lastSuccess: run('10', 'succeeded', 1), lastTrouble: trouble('9', 'failed', 2) })).ok).toBe(
      true,
    );
  });

  test('a job that no longer runs is told', () => {
    expect(judge(report({ lastSuccess: run('7', 'succeeded', 50) })).sentence).toContain(
      'no run has succeeded for 2 days',
    );
  });

  test('a list that was never whole is told', () => {
    expect(judge(report({ lists: [list('staff', 5), list('labs', null)] }))).toEqual({
      ok: false,
      sentence: 'Not well: 1 list was never read to the end.',
    });
  });

  test('before the first run', () => {
    expect(judge(report({ lastSuccess: null })).sentence).toContain('nothing was read yet');
    expect(judge(report({ lastSuccess: null, running: [run('1', 'running', 0)] })).sentence).toContain('still going');
    expect(judge(report({ lastSuccess: null, lastTrouble: trouble('1', 'failed', 1) })).sentence).toContain(
      'no run has ever succeeded',
    );
  });

  test('a run whose process is gone is told', () => {
    expect(judge(report({ abandoned: [run('8', 'running', 1)] })).sentence).toContain('the process of sync 8 is gone');
  });

  test('freshness adds up the places of a resource, the oldest one counts', () => {
    const lines = freshnessLines([list('labs', 3, '11'), list('labs', 9, '12'), list('labs', null, '13')]);
    expect(lines).toEqual([
      { accountId: '1001', resource: 'labs', lists: 3, certified: 2, oldestCertifiedAt: hours(9), rows: 30 },
    ]);
  });
});

describe("doctor's exit code", () => {
  const finding = (area: Finding['area'], ok: Finding['ok']): Finding => ({
    name: 'x',
    area,
    ok,
    detail: '',
    hint: null,
  });

  test.each([
    [[finding('settings', true), finding('database', 'warning')], 0],
    [[finding('database', false), finding('settings', false), finding('sign-in', false)], 2],
    [[finding('database', false), finding('sign-in', false)], 3],
    [[finding('database', false), finding('lists', false)], 1],
    [[finding('lists', false)], 4],
  ] as const)('case %#', (findings, code) => expect(doctorExitCode(findings)).toBe(code));
});
