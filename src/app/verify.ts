import { EXIT } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import { executeVerify, type VerifyOptions, type VerifyReport } from '../inspect/verify.ts';
import type { RunDependencies, RunReport } from '../runs/lifecycle.ts';
import { executeRun } from './execute.ts';

export interface RepairOptions extends VerifyOptions {
  /** Read again what differs, and verify that once more. Default false. */
  readonly repair?: boolean;
}

/** A verification, and what was done about its gaps. */
export interface RepairReport extends VerifyReport {
  /** The readings that were to cure the gaps; empty when there were no gaps or no repair was requested. */
  readonly repairs: readonly Pick<RunReport, 'runId' | 'status' | 'exitCode'>[];
  /** Gaps that the first verification found. */
  readonly found: number;
}

/**
 * What has to be read again so that the gaps of a report close: one selection an account, narrowed to locations where every list
 * with a gap belongs to one. Pure.
 */
export function selectionsOf(
  { lists, sampled }: Pick<VerifyReport, 'lists' | 'sampled'>,
  asked: Selection,
): readonly Selection[] {
  const gaps = [
    ...lists.filter((list) => list.missing + list.extra + list.changed > 0),
    ...sampled.filter((check) => check.different + check.vanished > 0).map((check) => ({ ...check, locationId: null })),
  ];
  return [...Map.groupBy(gaps, ({ accountId }) => accountId)].map(([accountId, own]) => {
    const located = own.every(({ locationId }) => locationId !== null);
    return {
      // Lists of the token itself are read with any account.
      accounts: accountId === '0' ? asked.accounts : [accountId],
      locations: located ? [...new Set(own.map(({ locationId }) => locationId ?? ''))] : asked.locations,
      resources: [...new Set(own.map(({ resource }) => resource))],
    };
  });
}

/** Verifies; with `repair`, what differs is read again from its first page, which overrules what is stored, and verified again. */
export async function verifyAndRepair(deps: RunDependencies, options: RepairOptions): Promise<RepairReport> {
  const report = await executeVerify(deps, options);
  const plain = { ...report, repairs: [], found: report.gaps };
  if (options.repair !== true || report.exitCode !== EXIT.gap) return plain;
  const selections = selectionsOf(report, options.selection);
  const repairs: RunReport[] = [];
  for (const selection of selections) {
    if (options.stop.requested) break;
    repairs.push(await executeRun(deps, { kind: 'backfill', restart: true, selection, stop: options.stop }));
  }
  if (options.stop.requested) return { ...plain, repairs };
  const resources = [...new Set(selections.flatMap((selection) => selection.resources))];
  const again = await executeVerify(deps, { ...options, selection: { ...options.selection, resources } });
  return { ...again, repairs, found: report.gaps };
}
