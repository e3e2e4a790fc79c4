import { EXIT, type ExitCode, type LobbieSyncError } from '../core/errors.ts';
import type { RunStatus } from '../db/tables.ts';

/** The statuses with which a run may end. */
export type FinalStatus = Exclude<RunStatus, 'running'>;

/** The facts at the end of a run from which its outcome follows. */
export interface Ending {
  /** The error that ended the run: credentials, database, a lost session. */
  readonly fatal?: LobbieSyncError | undefined;
  /** Why the run was stopped early: budget, signal. */
  readonly stop?: LobbieSyncError | undefined;
  /** Lists that were not read to their end because of the stop. */
  readonly stopped: number;
  readonly failed: number;
  /** Lists that another run was reading. */
  readonly busy: number;
  /** Rows that differ between the API and the warehouse; only a verification counts them. */
  readonly gaps: number;
  /** Deletes that wait for a person. */
  readonly held: number;
  /** Rows that may be gone and about which the API gave no usable answer. */
  readonly unproven?: number | undefined;
  /** No account of the selection can be read. */
  readonly refused: boolean;
  /** Changes for Lobbie that could not be delivered, and those that wait for a person. */
  readonly undelivered?: number | undefined;
  readonly undecided?: number | undefined;
}

export interface Outcome {
  readonly status: FinalStatus;
  readonly exitCode: ExitCode;
  /** The text in the run's row; null for a run that succeeded. */
  readonly message: string | null;
}

/** Decides the outcome of a run. Only a run that read every list to its end has succeeded. Pure. */
export function decideOutcome(ending: Ending): Outcome {
  const { undelivered = 0, undecided = 0, unproven = 0 } = ending;
  const reasons = [
    ending.fatal?.message ?? ending.stop?.message,
    ending.refused ? 'no account can be read: its grant is missing' : undefined,
    ending.gaps > 0 ? `${ending.gaps} rows differ between the API and the warehouse` : undefined,
    ending.held > 0 ? `${ending.held} deletes wait for a person` : undefined,
    unproven > 0 ? `${unproven} rows may be gone, and Lobbie gave no usable answer about them` : undefined,
    ending.failed > 0 && !ending.refused ? `${ending.failed} lists could not be read` : undefined,
    ending.busy > 0 ? `${ending.busy} lists were being read by another run` : undefined,
    undecided > 0 ? `${undecided} changes wait for a person: lobbie-sync push status` : undefined,
    undelivered > 0 ? `${undelivered} changes could not be delivered` : undefined,
  ].filter((reason) => reason !== undefined);
  const message = reasons.length === 0 ? null : reasons.join('; ');
  if (ending.fatal !== undefined) return { status: 'failed', exitCode: ending.fatal.exitCode, message };
  if (ending.refused) return { status: 'failed', exitCode: EXIT.signIn, message };
  if (ending.gaps > 0) return { status: 'partial', exitCode: EXIT.gap, message };
  if (ending.stop !== undefined || ending.stopped > 0)
    return { status: 'incomplete', exitCode: EXIT.incomplete, message };
  // A change that waits for a person has priority over one that Lobbie refused, which is final and stands in the outbox.
  if (undecided > 0) return { status: 'partial', exitCode: EXIT.needsPerson, message };
  if (ending.failed > 0 || ending.busy > 0 || undelivered > 0 || unproven > 0)
    return { status: 'partial', exitCode: EXIT.partial, message };
  if (ending.held > 0) return { status: 'partial', exitCode: EXIT.needsPerson, message };
  return { status: 'succeeded', exitCode: EXIT.done, message };
}
