/** What the web server asks of the daemon beside it; the scheduler's view has this shape. */
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

/** What is told of the limiter of the Lobbie client. */
export interface LimiterView {
  /** Requests a second at present. */
  readonly rate: number;
  readonly configuredRate: number;
  readonly pausedUntil: Date | undefined;
  readonly running: number;
  readonly queued: number;
  /** Answers that told to slow down, since the start. */
  readonly throttled: number;
}
