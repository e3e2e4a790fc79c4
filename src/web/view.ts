/** The part of the daemon that the web server shows; the scheduler's view has this shape. */
export interface ServiceView {
  readonly draining: boolean;
  readonly jobs: readonly {
    readonly job: string;
    readonly cron: string;
    readonly timezone: string;
    readonly nextDue: Date;
    readonly runningDue: Date | null;
  }[];
}

/** The rate limiter of the Lobbie client, as the metrics show it. */
export interface LimiterView {
  /** Requests a second that may start now. */
  readonly rate: number;
  readonly configuredRate: number;
  readonly pausedUntil: Date | undefined;
  readonly running: number;
  readonly queued: number;
  /** Answers that asked to slow down, since the start. */
  readonly throttled: number;
}
