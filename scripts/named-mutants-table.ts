// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code that is searched for as it stands

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A change of one place that a test has to notice. */
export interface NamedMutant {
  /** What the broken code does. */
  readonly name: string;
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** Test files that pass unbroken. */
  readonly tests: readonly string[];
  /** A part of the name of the test among them that has to fail. */
  readonly by: string;
}

/** Mutants of one file and its tests: what the broken code does, from, to, the name of the test. */
const of = (
  file: string,
  tests: readonly string[],
  mutants: readonly (readonly [name: string, from: string, to: string, by: string])[],
): readonly NamedMutant[] => mutants.map(([name, from, to, by]) => ({ name, file, from, to, tests, by }));

const JUDGE = ['test/integration/judge.test.ts'];
const PARENTS = ['test/integration/parents.test.ts'];
const SETTLING = ['test/push/settling.test.ts'];
const BASES = ['test/integration/outbox-writes.test.ts'];
const LOADER = ['test/integration/loader.test.ts'];

/**
 * Mutants that survived once, or that are of the kind that did: a condition of a statement is dropped or weakened, so that the
 * statement stays valid and answers a little more. Parameters stay in use, because Postgres refuses a statement with an unused one.
 */
export const NAMED_MUTANTS: readonly NamedMutant[] = [
  ...of('src/deletions/judge.ts', JUDGE, [
    [
      'a row stored by a request sent after the sweep began is a candidate',
      't._read_at < $3',
      '$3::timestamptz IS NOT NULL',
      'sent after the sweep began, or in the same moment',
    ],
    [
      'a row stored by a request sent in the moment the sweep began is a candidate',
      't._read_at < $3',
      't._read_at <= $3',
      'sent after the sweep began, or in the same moment',
    ],
    [
      'sweeps that speak together speak since the last of them began',
      'Math.min(...verdict.sweeps',
      'Math.max(...verdict.sweeps',
      'since the first of their sweeps began',
    ],
    [
      'a row that is marked as deleted is a candidate again',
      'WHERE t._deleted_at IS NULL AND',
      'WHERE',
      'is none when it is marked as deleted already',
    ],
    [
      'a row of another account is a candidate',
      'AND ${ofAccount(table)}',
      'AND ($1::bigint IS NULL OR true)',
      'is of another account or of another location',
    ],
    [
      'a row of another location is a candidate',
      '($4::bigint IS NULL OR t.location_id = $4::bigint)',
      '($4::bigint IS NULL OR true)',
      'is of another account or of another location',
    ],
    [
      'a row that the sweep met is a candidate',
      'AND NOT EXISTS (SELECT FROM seen WHERE seen.k = ${keyText(table)})',
      '',
      'is a candidate, with that reading as the proof',
    ],
    [
      'a list that answers with none at all is believed',
      'rows[0]?.met === 0',
      'rows[0]?.met === -1',
      'when the reading met nothing at all',
    ],
    ['a reading with a reject is proof', " && sweep.rows_rejected === '0'", '', 'is none when the sweep had a reject'],
    ['a part of a list is proof', 'sweep.whole && ', '', 'is none when the sweep read a part of the list'],
    [
      'a reading that did not come to its end is proof',
      "sweep.whole && sweep.status === 'certified' &&",
      'sweep.whole &&',
      'is none when the sweep has not ended',
    ],
    [
      'locations that share rows speak although not all were asked',
      'return complete && sweeps.length > 0',
      'return sweeps.length > 0',
      'while one of them was not read to its end, or not asked',
    ],
    [
      'locations that share rows speak although one was not read to its end',
      'sweeps.every(sound) ?',
      'sweeps.some(sound) ?',
      'while one of them was not read to its end, or not asked',
    ],
    [
      'each location speaks alone for rows that several locations serve',
      'resource.sharedByLocations === true || resource.reads.length > 1;\n  if (several) return',
      'resource.reads.length > 1;\n  if (several) return',
      'since the first of their sweeps began',
    ],
    [
      'a sweep that met a candidate of an earlier run does not dismiss it',
      'AND d.absent_at <= $5',
      'AND d.absent_at <= $5 AND false',
      'is dismissed by a sweep that began since and met it',
    ],
    [
      'a sweep dismisses what was found absent after it began',
      'AND d.absent_at <= $5',
      'AND $5::timestamptz IS NOT NULL',
      'is not dismissed by a sweep that began before it was found absent',
    ],
    [
      'a sweep does not dismiss what was found absent in the moment it began',
      'd.absent_at <= $5',
      'd.absent_at < $5',
      'is dismissed by a sweep that began since and met it',
    ],
    [
      'a sweep dismisses candidates that it did not meet',
      ' AND d.key = seen.k',
      '',
      'is not dismissed by a sweep that did not meet it',
    ],
    [
      'a sweep dismisses candidates of another account',
      'd.account_id = $1 AND d.resource = $2',
      '$1::bigint IS NOT NULL AND d.resource = $2',
      'is not dismissed for a row of another account or of another list',
    ],
    [
      'a sweep dismisses candidates of another list',
      'AND d.resource = $2 AND',
      'AND $2::text IS NOT NULL AND',
      'is not dismissed for a row of another account or of another list',
    ],
    [
      'a sweep undoes what was decided',
      " AND d.status IN ('candidate', 'held') AND d.key",
      ' AND d.key',
      'nor once it was decided',
    ],
    [
      'a sweep does not dismiss what waits for a person',
      "d.status IN ('candidate', 'held') AND d.key",
      "d.status IN ('candidate') AND d.key",
      'also when it waits for a person',
    ],
  ]),
  ...of('src/state/passes.ts', JUDGE, [
    [
      'a sweep of an earlier pass is proof',
      ".where('pass_id', '=', passId)\n    .where('account_id', '=', accountId)\n    .where('resource', '=', resource)\n    .where('judged'",
      ".where('account_id', '=', accountId)\n    .where('resource', '=', resource)\n    .where('judged'",
      'is none when only a sweep of another pass did not meet it',
    ],
  ]),
  ...of('src/state/deletes.ts', JUDGE, [
    [
      'an earlier proof replaces a later one',
      'WHERE lobbie_sync.deletes.absent_at < excluded.absent_at',
      '',
      'keeps the later proof when an earlier one comes late',
    ],
    [
      'a candidate of an earlier run keeps its old proof',
      'sweep_ids = excluded.sweep_ids, absent_at = excluded.absent_at',
      'sweep_ids = lobbie_sync.deletes.sweep_ids',
      'it gets the later proof',
    ],
    [
      'an answer dismisses what was found absent after it was requested',
      'AND absent_at <= ${times.requestedAt}',
      '',
      'is not dismissed when the answer was requested before',
    ],
    [
      'an answer does not dismiss what was found absent in the moment it was requested',
      'AND absent_at <= ${times.requestedAt}',
      'AND absent_at < ${times.requestedAt}',
      'is dismissed when the answer was requested since',
    ],
    ['an answer dismisses rows that it does not have', 'AND key = ANY(${[...keys]}::text[])', '', 'has another row'],
    [
      'an answer undoes what was decided',
      "AND status IN ('candidate', 'held') AND key",
      'AND key',
      'or when it was decided',
    ],
  ]),
  ...of(
    'src/deletions/still-there.ts',
    ['test/nightly/nothing-deleted.test.ts'],
    [
      [
        'a candidate that the API fails to confirm is gone',
        "throw error;\n    return { kind: 'unknown' };",
        "throw error;\n    return { kind: 'gone' };",
        'by an API that fails to confirm; the next nightly sync decides',
      ],
    ],
  ),
  ...of(
    'src/streams/doubts.ts',
    ['test/nightly/proofs.test.ts'],
    [
      [
        'no answer dismisses a candidate of an earlier run',
        'if (rows.length === 0 ||',
        'if (rows.length >= 0 ||',
        'is dismissed by a read of a part of its list as well',
      ],
    ],
  ),
  ...of(
    'src/runs/decide-deletes.ts',
    ['test/integration/restore-deletes.test.ts'],
    [
      [
        '`deletes restore` without ids takes back deletes that were applied',
        "(entry.status === 'applied' && choice.ids !== undefined)",
        "entry.status === 'applied'",
        'without ids only what is held is refused',
      ],
      [
        '`deletes restore` takes back nothing that was applied',
        "(entry.status === 'applied' && choice.ids !== undefined)",
        'false',
        'by its id a delete that was applied is taken back',
      ],
      [
        '`deletes restore` decides what is no delete',
        "(entry) => entry.status === 'held' || (entry.status === 'applied' && choice.ids !== undefined)",
        '() => true',
        'what is no delete yet, or was dismissed, is left alone',
      ],
    ],
  ),
  ...of('src/push/doubt.ts', SETTLING, [
    [
      'a write that was answered has no time to settle',
      '+ context.settings.settleAfterMs',
      '+ 0',
      'without an id is searched for again after its time to settle',
    ],
  ]),
  ...of('src/push/create.ts', SETTLING, [
    [
      'a create that was answered without an id has no time to settle',
      ', doubtSince: context.clock.now() }',
      ' }',
      'without an id is searched for again after its time to settle',
    ],
  ]),
  ...of('src/push/failure.ts', SETTLING, [
    [
      'a create that was answered with a fault has no time to settle',
      "written.unanswered || row.operation === 'create'",
      'written.unanswered',
      'with a fault is searched for again after its time to settle',
    ],
  ]),
  ...of('src/state/outbox/rows.ts', BASES, [
    [
      'a write that a base has seen is laid over it',
      'AND NOT pg_visible_in_snapshot(w.written_xid, o.base_snapshot)',
      'AND o.base_snapshot IS NOT NULL',
      'laid over the bases of its record that did not see it',
    ],
    [
      'a write is laid over the bases of other records',
      'AND w.record_id = o.target_id',
      '',
      'laid over the bases of its record that did not see it',
    ],
  ]),
  ...of('src/state/outbox/writes.ts', BASES, [
    [
      'the earlier of two writes of a field says which bases have seen it',
      'written_xid = excluded.written_xid, ',
      '',
      'laid over the bases of its record that did not see it',
    ],
  ]),
  ...of(
    'src/nightly/rotation.ts',
    ['test/unit/nightly/nightly-rules.test.ts'],
    [
      [
        'full re-reads have no nights to spare',
        'Math.max(1, days - 2)',
        'Math.max(1, days)',
        'a long list alone is read as often as the plan says',
      ],
      [
        'full re-reads have one night to spare',
        'Math.max(1, days - 2)',
        'Math.max(1, days - 1)',
        'waits with a list that costs more than was saved up',
      ],
      [
        'full re-reads have three nights to spare',
        'Math.max(1, days - 2)',
        'Math.max(1, days - 3)',
        'waits with a list that costs more than was saved up',
      ],
    ],
  ),
  ...of(
    'src/nightly/children.ts',
    ['test/unit/nightly/nightly-rules.test.ts'],
    [
      [
        'the rotation of parents has no nights to spare',
        'Math.max(1, days - 2)',
        'Math.max(1, days)',
        'of { total: 281, overdue: 0 } within 30 days is 11',
      ],
    ],
  ),
  ...of('src/streams/vanished.ts', PARENTS, [
    [
      'rows below a parent that may be gone are candidates',
      "d.status IN ('candidate', 'held'))`",
      "d.status IN ('nothing'))`",
      'is none below a parent that may be gone itself',
    ],
    [
      'rows below a parent that waits for a person are candidates',
      "d.status IN ('candidate', 'held'))`",
      "d.status IN ('candidate'))`",
      'is none below a parent that may be gone itself',
    ],
    [
      'a parent that was decided about still hides the rows below it',
      " AND d.status IN ('candidate', 'held'))`",
      ')`',
      'is none below a parent that may be gone itself',
    ],
    [
      'a doubt about another list hides the rows below a parent',
      'd.account_id = $1 AND d.resource = $3',
      'd.account_id = $1 AND $3::text IS NOT NULL',
      'is none below a parent that may be gone itself',
    ],
    [
      'a doubt of another account hides the rows below a parent',
      'd.account_id = $1 AND d.resource = $3',
      'd.resource = $3',
      'is none below a parent that may be gone itself',
    ],
    [
      'a list with a reject is proof',
      '(batch.collected.get(name)?.rejects.length ?? 0) > 0',
      'false',
      'is none when a record of the answer is a reject',
    ],
    [
      'a row that is marked as deleted is a candidate again',
      ' AND t._deleted_at IS NULL\n',
      '\n',
      'those of other parents are none',
    ],
  ]),
  ...of('src/streams/parents.ts', PARENTS, [
    [
      'parents that may be gone count as settled',
      "d.status IN ('candidate', 'held'))",
      "d.status IN ('nothing'))",
      'where only settled ones are wanted',
    ],
    [
      'parents that wait for a person count as settled',
      "d.status IN ('candidate', 'held'))",
      "d.status IN ('candidate'))",
      'where only settled ones are wanted',
    ],
    [
      'parents that were decided about do not count as settled',
      " AND d.status IN ('candidate', 'held'))",
      ')',
      'where only settled ones are wanted',
    ],
    [
      'a doubt of another account unsettles a parent',
      'd.account_id = p.account_id\n      AND ',
      '',
      'where only settled ones are wanted',
    ],
    [
      'parents that bring the list with them are asked for it',
      'if (parent.where !== undefined) where.push(parent.where);',
      '',
      'do not include those that bring the list with them',
    ],
    [
      'parents of other locations are asked',
      'if (unit.locationId !== null)',
      'if (unit.locationId === null)',
      'are those of its location',
    ],
    [
      'parents that are marked as deleted are asked',
      ", 'p._deleted_at IS NULL']",
      ']',
      'are those of its account that are there',
    ],
    [
      'parents that may be gone make a list grow old',
      'const { from, values } = parentScope(unit, { settled: true });\n  const appeared',
      'const { from, values } = parentScope(unit);\n  const appeared',
      'that may be gone do not make the list grow old',
    ],
  ]),
  ...of('src/loaders/merge-sql.ts', LOADER, [
    [
      'a second list changes a row of the first list',
      ' AND (excluded._source = 1 OR t._source <> 1) ',
      ' ',
      'a row of a second list does not change the one that the first list inserted meanwhile',
    ],
    [
      'a second list does not change its own rows',
      '(excluded._source = 1 OR t._source <> 1)',
      'excluded._source = 1',
      'adds what the first does not have, and changes its own',
    ],
    [
      'a first list does not change its own rows',
      '(excluded._source = 1 OR t._source <> 1)',
      't._source <> 1',
      'new rows are inserted, equal ones unchanged, differing ones updated',
    ],
  ]),
];

/** The text of a mutant's file with the change. @throws Error unless the text to change is there exactly once */
export function mutated(root: string, { name, file, from, to }: NamedMutant): string {
  const parts = readFileSync(join(root, file), 'utf8').split(from);
  if (parts.length === 2) return parts.join(to);
  const times = parts.length === 1 ? 'does not have the text' : `has the text ${parts.length - 1} times`;
  throw new Error(`scripts/named-mutants-table.ts, "${name}": ${file} ${times} ${from}`);
}
