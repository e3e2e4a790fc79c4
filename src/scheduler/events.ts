import type { JobResult } from './job.ts';

/** What the scheduler reports about nightly syncs. */
export type SchedulerEvent = EndedEvent | MissedEvent;

/** An attempt ended. */
export interface EndedEvent {
  readonly kind: 'ended';
  readonly job: string;
  readonly due: Date;
  readonly result: JobResult;
  /** Null: the nightly sync is not tried again. */
  readonly nextAttemptAt: Date | null;
  /** Whether the daemon itself asked the attempt to end. */
  readonly interrupted: boolean;
}

/** Nightly syncs did not run when they were due. */
export interface MissedEvent {
  readonly kind: 'missed';
  readonly job: string;
  readonly dues: readonly Date[];
  /** `down`: no daemon was running; `overlap`: the nightly sync before was still running. */
  readonly reason: 'down' | 'overlap';
  /** The due time whose nightly sync starts now, late. */
  readonly madeUp: Date | undefined;
}
