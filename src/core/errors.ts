/**
 * Errors are classified by what the caller has to do, not by where they came from. Messages hold ids, operation names and codes
 * only, never a record, a body or a secret.
 */

/**
 * What to do about a failure:
 * - `retry`: the same call may succeed later (the retries that are allowed at once have already failed);
 * - `restart`: the read has to start at its first page again (a cursor is no longer accepted);
 * - `skip`: this stream can't be read now, but others can; the run ends as partial;
 * - `account`: nothing of this account can be read (a grant is missing), but other accounts can;
 * - `stop`: the run ends in an orderly way, and the next run continues it (budget, signal);
 * - `abort`: the run can't go on until a person changes something (credentials, settings, database).
 */
export type ErrorAction = 'retry' | 'restart' | 'skip' | 'account' | 'stop' | 'abort';

/** Exit codes of the command line, fixed by the outer contract. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  signIn: 3,
  partial: 4,
  incomplete: 5,
  needsPerson: 6,
  gap: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface LobbieSyncErrorOptions {
  /** Stable, machine readable, e.g. `api.forbidden`, `contract.missing_list_key`. */
  readonly code: string;
  readonly action: ErrorAction;
  /** One sentence that tells a person how to fix it. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The exit code when this error ends the command. Default: derived from the action. */
  readonly exitCode?: ExitCode;
}

const EXIT_BY_ACTION: Readonly<Record<ErrorAction, ExitCode>> = {
  retry: EXIT.partial,
  restart: EXIT.partial,
  skip: EXIT.partial,
  account: EXIT.signIn,
  stop: EXIT.incomplete,
  abort: EXIT.unexpected,
};

/** The base class of all errors that this project throws on purpose. */
export class LobbieSyncError extends Error {
  override readonly name: string = 'LobbieSyncError';
  readonly code: string;
  readonly action: ErrorAction;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: LobbieSyncErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.action = options.action;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT_BY_ACTION[options.action];
  }
}

/** Missing or wrong settings, all listed at once. */
export class ConfigError extends LobbieSyncError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`settings: ${problems.join('; ')}`, {
      code: 'config.invalid',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: 'Set them in the environment or in .env (see .env.example).',
    });
    this.problems = problems;
  }
}

export interface ApiErrorOptions extends LobbieSyncErrorOptions {
  readonly operationId: string;
  /** HTTP status of the last answer; undefined when none came (network, timeout). */
  readonly status?: number | undefined;
  /** Path ids of the call, e.g. `{ accountId: '1001' }`. Never query values. */
  readonly ids?: Readonly<Record<string, string>>;
  /** How many attempts were sent. */
  readonly attempts?: number;
  /** The server's own request id, if it named one. */
  readonly requestId?: string | undefined;
  /** Whether no connection was made, so that Lobbie can't have done anything. Default false. */
  readonly neverSent?: boolean | undefined;
}

/** A call to Lobbie failed: no answer came, or none that can be used. */
export class ApiError extends LobbieSyncError {
  override readonly name = 'ApiError';
  readonly operationId: string;
  readonly status: number | undefined;
  readonly ids: Readonly<Record<string, string>>;
  readonly attempts: number;
  readonly requestId: string | undefined;
  readonly neverSent: boolean;

  constructor(message: string, options: ApiErrorOptions) {
    super(message, options);
    this.operationId = options.operationId;
    this.status = options.status;
    this.ids = options.ids ?? {};
    this.attempts = options.attempts ?? 0;
    this.requestId = options.requestId;
    this.neverSent = options.neverSent ?? false;
  }
}

/** The answer breaks the contract: its list key is missing, a cursor repeats, or the body is not an object. */
export class ContractError extends LobbieSyncError {
  override readonly name = 'ContractError';

  constructor(message: string, options: Omit<LobbieSyncErrorOptions, 'action'> & { readonly action?: ErrorAction }) {
    super(message, { action: 'skip', ...options });
  }
}

/** An orderly stop: request budget used up, SIGTERM, SIGINT, a wait longer than LOBBIE_MAX_WAIT, or a clock that jumped. */
export class StopError extends LobbieSyncError {
  override readonly name = 'StopError';

  constructor(code: 'stop.budget' | 'stop.signal' | 'stop.wait' | 'clock.jumped', message: string, hint?: string) {
    super(message, { code, action: 'stop', ...(hint === undefined ? {} : { hint }) });
  }
}

/** The text of an error for people: the message and, on its own line, how to fix it. */
export function describeError(error: unknown): string {
  if (error instanceof LobbieSyncError) {
    return error.hint === undefined ? error.message : `${error.message}\n  → ${error.hint}`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
}
