/** Work that is done at the times of a cron expression. */
export interface Job {
  /** The name in the tables, the status page and the alerts, e.g. `sync`. It must never change. */
  readonly name: string;
  /** Five fields, e.g. `0 2 * * *`. */
  readonly cron: string;
  /** IANA name of the zone that the expression is meant in, e.g. `Europe/Berlin`. */
  readonly timezone: string;
  /**
   * Does the work. `signal` asks for an orderly end: store what was read and return `incomplete`. It may throw: a LobbieSyncError
   * is judged by its exit code, any other error counts as a failure that is retried.
   */
  run(signal: AbortSignal): Promise<JobResult>;
}

export type JobStatus = 'succeeded' | 'partial' | 'incomplete' | 'failed';

/** The result of one attempt. It holds ids, names, counts and codes only, because it is stored, shown and sent. */
export interface JobResult {
  readonly status: JobStatus;
  readonly exitCode: number;
  readonly runId?: string | undefined;
  readonly message?: string | null | undefined;
  readonly requests?: number | undefined;
  readonly rows?: number | undefined;
  /** Whether what is missing may come by itself, as after an outage: a partial result is tried again then, too. Default: no. */
  readonly passing?: boolean | undefined;
  /** Whether to retry a failure. Default: yes, unless settings or sign-in are at fault (exit codes 2 and 3). */
  readonly retryable?: boolean | undefined;
  /** Other conditions that a person should know about. A condition that is no longer listed has cleared. */
  readonly alerts?: readonly JobAlert[] | undefined;
}

/** A condition that a job found, e.g. `{ key: 'held_deletes', message: '12 deletes wait for approval' }`. */
export interface JobAlert {
  readonly key: string;
  readonly message: string;
}
