/** Something that is done at the times of a cron expression. */
export interface Job {
  /** Names it in the tables, the page and the alerts; keep it for ever, e.g. `sync`. */
  readonly name: string;
  /** Five fields, e.g. `0 2 * * *`. */
  readonly cron: string;
  /** IANA name of the zone that the expression is meant in, e.g. `Europe/Berlin`. */
  readonly timezone: string;
  /**
   * Does it. `signal` asks for an orderly end: store what was read and come back as `incomplete`. May throw: a
   * LobbieSyncError counts by its exit code, anything else as a failure that is tried again.
   */
  run(signal: AbortSignal): Promise<JobResult>;
}

export type JobStatus = 'succeeded' | 'partial' | 'incomplete' | 'failed';

/** What became of one attempt. Ids, names, counts and codes only: it is stored, shown and sent. */
export interface JobResult {
  readonly status: JobStatus;
  readonly exitCode: number;
  readonly runId?: string | undefined;
  readonly message?: string | null | undefined;
  readonly requests?: number | undefined;
  readonly rows?: number | undefined;
  /** Whether a failure is worth another try this night. Default: unless settings or sign-in are at fault (2, 3). */
  readonly retryable?: boolean | undefined;
  /** What else a person should know, as it stands now; a condition that is not named any more has ended. */
  readonly alerts?: readonly JobAlert[] | undefined;
}

/** A condition that a job found, e.g. `{ key: 'held_deletes', message: '12 deletes wait for approval' }`. */
export interface JobAlert {
  readonly key: string;
  readonly message: string;
}
