import { describe, expect, test } from 'vitest';
import type { Finding, ListFreshness, OutboxSummary, Run, StatusReport } from '../../../src/app/types.ts';
import { closedLines } from '../../../src/cli/closed-text.ts';
import { doctorExitCode } from '../../../src/cli/commands/doctor.ts';
import { freshnessLines, targetOf } from '../../../src/cli/freshness.ts';
import { outboxLines } from '../../../src/cli/outbox-text.ts';
import { judge } from '../../../src/cli/status-document.ts';

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

const NO_ROWS = {
  pending: 0,
  in_flight: 0,
  in_doubt: 0,
  conflict: 0,
  rejected: 0,
  failed: 0,
  succeeded: 0,
  cancelled: 0,
};

const outbox = (changes: Partial<OutboxSummary> = {}): OutboxSummary => ({
  paused: { pausedAt: null, pausedBy: null, reason: null },
  counts: NO_ROWS,
  needsPerson: 0,
  lostToday: 0,
  oldestWaiting: null,
  ...changes,
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
  held: [],
  closed: [],
  massChanges: [],
  outbox: outbox(),
  off: [],
  unknownFields: [],
  freshnessDays: 30,
  pendingMigrations: [],
  ...changes,
});

const trouble = (id: string, status: Run['status'], hoursAgo: number) =>
  ({
    run: run(id, status, hoursAgo),
    resources: [],
    problems: [],
    unknownFields: [],
    massChanges: [],
  }) as StatusReport['lastTrouble'];

const HELD: StatusReport['held'] = [
  { accountId: '7', locationId: null, resource: 'staff', deletes: 7, rows: 9, since: NOW },
];

const CLOSED: StatusReport['closed'] = [
  {
    accountId: '7',
    locationId: '70',
    cause: 'left_list',
    since: new Date('2026-01-02T02:00:00Z'),
    deleteId: '12',
    decision: 'kept',
    rows: [
      { resource: 'appointments', rows: 40 },
      { resource: 'labs', rows: 2 },
    ],
  },
];

describe('the sentence of status', () => {
  test('all is well', () => {
    expect(judge(report({}))).toMatchObject({
      ok: true,
      sentence: 'All is well: sync 7 succeeded 5 hours ago and every list is whole.',
    });
  });

  test('rejects are reported and are no alarm', () => {
    const verdict = judge(report({ openRejects: [{ resource: 'labs', rejects: 2 }] }));
    expect(verdict).toMatchObject({ ok: true, sentence: expect.stringContaining('2 rejected records wait') });
  });

  test('a run that failed since is reported, one before is not', () => {
    expect(judge(report({ lastTrouble: trouble('8', 'partial', 2) }))).toMatchObject({
      ok: false,
      sentence: 'Not well: sync 8 ended partial 2 hours ago.',
    });
    expect(judge(report({ lastTrouble: trouble('6', 'failed', 9) })).ok).toBe(true);
    // Ids are compared as numbers.
    expect(judge(report({ lastSuccess: run('10', 'succeeded', 1), lastTrouble: trouble('9', 'failed', 2) })).ok).toBe(
      true,
    );
  });

  test('a job that no longer runs is reported', () => {
    expect(judge(report({ lastSuccess: run('7', 'succeeded', 50) })).sentence).toContain(
      'no run has succeeded for 2 days',
    );
  });

  test('times in the future are reported', () => {
    expect(judge(report({ future: [{ what: 'checks', of: 'state', entries: 3 }] }))).toMatchObject({
      ok: false,
      sentence: 'Not well: 3 entries lie in the future; the next run fixes that.',
    });
  });

  test.each<[string, Partial<StatusReport>, number]>([
    ['all is well', {}, 0],
    ['a run failed', { lastTrouble: trouble('8', 'failed', 2) }, 4],
    ['a list was never read', { lists: [list('labs', null)] }, 4],
    ['a run has to go on', { lastTrouble: trouble('8', 'incomplete', 2) }, 5],
    ['nothing was read', { lastSuccess: null, lists: [] }, 5],
    ['deletes wait, whatever else there is', { held: HELD, lastTrouble: trouble('8', 'incomplete', 2) }, 6],
  ])('is followed by an exit code by cause: %s', (_name, changes, exitCode) => {
    expect(judge(report(changes))).toMatchObject({ exitCode });
  });

  test('a location that waits for a person is told apart from other deletes', () => {
    const closed = CLOSED.map((each) => ({ ...each, decision: 'held' as const }));
    const held = [...HELD, { ...HELD[0], resource: 'locations', deletes: 1 } as StatusReport['held'][number]];
    expect(judge(report({ held, closed }))).toMatchObject({
      sentence: 'Not well: 1 location closed and rows wait for a person; 7 deletes wait for a person.',
      exitCode: 6,
    });
    // One that a person has decided about is no trouble.
    expect(judge(report({ closed: CLOSED }))).toMatchObject({ ok: true, exitCode: 0 });
  });

  test('closed locations are shown with counts by table and with what to do', () => {
    const [kept] = CLOSED;
    const waits = { ...kept, decision: 'held' } as StatusReport['closed'][number];
    expect(closedLines([waits])).toEqual([
      '  location 70 of account 7 is no longer in the list of locations (known since 2026-01-02 02:00 UTC)',
      '    42 rows: appointments 40, labs 2',
      '    deletes approve 12 marks them as deleted; deletes restore 12 keeps them',
    ]);
    expect(closedLines(CLOSED)).toEqual([
      '  location 70 of account 7 is no longer in the list of locations (known since 2026-01-02 02:00 UTC); its rows are kept',
    ]);
  });

  test('a list that was never read whole is reported', () => {
    expect(judge(report({ lists: [list('staff', 5), list('labs', null)] }))).toMatchObject({
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

  test('a run whose process is gone is reported', () => {
    expect(judge(report({ abandoned: [run('8', 'running', 1)] })).sentence).toContain('the process of sync 8 is gone');
  });

  test('deletes that wait for a person are reported', () => {
    const held = [
      { accountId: '1001', locationId: '11', resource: 'labs', deletes: 3, rows: 20, since: hours(2) },
      { accountId: '1001', locationId: null, resource: 'patients', deletes: 4, rows: null, since: hours(2) },
    ];
    expect(judge(report({ held }))).toMatchObject({ ok: false, sentence: 'Not well: 7 deletes wait for a person.' });
  });

  test('a run that only left deletes to a person read everything', () => {
    expect(judge(report({ lastSuccess: run('7', 'partial', 5) }))).toMatchObject({
      ok: true,
      sentence: 'All is well: sync 7 read everything 5 hours ago and every list is whole.',
    });
  });

  test('a list that is older than the freshness target is reported', () => {
    expect(judge(report({ lists: [list('staff', 5), list('labs', 24 * 31)] }))).toMatchObject({
      ok: false,
      sentence: 'Not well: 1 list was not checked within 30 days.',
    });
  });
});

describe('deliveries', () => {
  const paused = { pausedAt: hours(1), pausedBy: 'cli:somebody', reason: 'the cap is reached' };
  const well = 'All is well: sync 7 succeeded 5 hours ago and every list is whole';

  test.each([
    [{ needsPerson: 3 }, '3 changes wait for a person (push status)'],
    [{ needsPerson: 1 }, '1 change waits for a person (push status)'],
    [{ paused }, 'deliveries are paused (push status)'],
    [{ lostToday: 1 }, '1 change was refused or given up within a day (push status)'],
    [
      { paused, needsPerson: 2, lostToday: 4 },
      'deliveries are paused; 2 changes wait for a person; 4 changes were refused or given up within a day (push status)',
    ],
  ])('%# are reported in the sentence, and are no alarm', (changes, told) => {
    expect(judge(report({ outbox: outbox(changes) }))).toMatchObject({ ok: true, sentence: `${well}; ${told}.` });
  });

  test('what only waits to be delivered is not in the sentence', () => {
    const waiting = outbox({ counts: { ...NO_ROWS, pending: 5, failed: 2 }, oldestWaiting: hours(3) });
    expect(judge(report({ outbox: waiting })).sentence).toBe(`${well}.`);
  });

  test('are reported beside what is not well, and before the first run', () => {
    const needy = outbox({ needsPerson: 3 });
    expect(judge(report({ outbox: needy, lists: [list('labs', null)] })).sentence).toBe(
      'Not well: 1 list was never read to the end; 3 changes wait for a person (push status).',
    );
    expect(judge(report({ outbox: needy, lastSuccess: null })).sentence).toMatch(
      /^Not well: nothing was read yet.*; 3 changes wait for a person \(push status\)\.$/,
    );
  });

  test('the section has what is not zero, the pause and the age; nothing where nothing was ever to be delivered', () => {
    expect(outboxLines(outbox(), NOW)).toEqual([]);
    expect(
      outboxLines(outbox({ paused, counts: { ...NO_ROWS, pending: 1200, conflict: 1 }, oldestWaiting: hours(5) }), NOW),
    ).toEqual([
      '  paused since 2026-01-15 07:00 UTC by cli:somebody: the cap is reached',
      '  pending   1,200\n  conflict  1',
      '  the oldest open row is 5 hours old',
    ]);
    expect(outboxLines(outbox({ paused: { ...paused, pausedBy: null, reason: null } }), NOW)).toEqual([
      '  paused since 2026-01-15 07:00 UTC by somebody',
    ]);
  });
});

describe('freshness', () => {
  const state = (...lists: ListFreshness[]) => ({ at: NOW, freshnessDays: 2, lists });

  test('adds up the locations of a resource, the oldest one counts', () => {
    const lines = freshnessLines(state(list('labs', 3, '11'), list('labs', 9, '12'), list('labs', null, '13')));
    expect(lines).toEqual([
      {
        accountId: '1001',
        resource: 'labs',
        lists: 3,
        certified: 2,
        oldestCertifiedAt: hours(9),
        oldestCheckedAt: hours(9),
        late: 0,
        rows: 30,
      },
    ]);
  });

  test('two lists that fill one table in one location are counted once, and an uncounted one not at all', () => {
    expect(freshnessLines(state(list('labs', 3, '11'), list('labs', 4, '11'), list('labs', 3, '12')))).toMatchObject([
      { lists: 3, rows: 20 },
    ]);
    expect(freshnessLines(state({ ...list('labs', 3), rows: null }))).toMatchObject([{ rows: null }]);
  });

  test('a list that was read whole lately may hold rows that were not checked', () => {
    const late = { ...list('problems', 3), oldestCheckedAt: hours(24 * 3) };
    const floor = targetOf(state(late, list('labs', 3)));
    expect(floor).toMatchObject({
      kept: false,
      days: 2,
      sentence: 'Not checked within 2 days: problems of account 1001 (3 days).',
    });
    expect(floor.behind).toMatchObject([{ resource: 'problems', late: 1 }]);
  });

  test('the sentence of the freshness target', () => {
    expect(targetOf(state(list('staff', 5)))).toMatchObject({
      kept: true,
      sentence: 'Everything was checked within 2 days.',
    });
    // On the second it is still kept.
    expect(targetOf(state(list('staff', 48))).kept).toBe(true);
    expect(targetOf(state(list('staff', 5), list('labs', null)))).toMatchObject({
      kept: false,
      sentence: 'What was ever read to its end was checked within 2 days.',
    });
    expect(targetOf(state()).kept).toBe(false);
    const many = ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({ ...list(name, 72 + index), accountId: null }));
    expect(targetOf(state(...many)).sentence).toBe(
      'Not checked within 2 days: e (3 days), d (3 days), c (3 days), and 2 more.',
    );
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
    [[finding('settings', 'warning')], 0],
    [[finding('database', false), finding('settings', false), finding('sign-in', false)], 2],
    [[finding('database', false), finding('sign-in', false)], 3],
    [[finding('database', false), finding('lists', false)], 1],
    [[finding('lists', false)], 4],
  ] as const)('case %#', (findings, code) => expect(doctorExitCode(findings)).toBe(code));
});
