import type { JobResult } from './job.ts';

/** What the scheduler tells of its nights. */
export type SchedulerEvent = EndedEvent | MissedEvent;

/** An attempt came to its end. */
export interface EndedEvent {
  readonly kind: 'ended';
  readonly job: string;
  readonly due: Date;
  readonly result: JobResult;
  /** Null: this night is not tried again. */
  readonly nextAttemptAt: Date | null;
  /** It was asked to end by the daemon itself. */
  readonly interrupted: boolean;
}

/** Nights were not done when they were due. */
export interface MissedEvent {
  readonly kind: 'missed';
  readonly job: string;
  readonly dues: readonly Date[];
  /** `down`: nothing was running; `overlap`: the night before was still running. */
  readonly reason: 'down' | 'overlap';
  /** The night that is done now, late. */
  readonly madeUp: Date | undefined;
}
