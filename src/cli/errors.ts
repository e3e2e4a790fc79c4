import { describeError, EXIT, type ExitCode, LobbieSyncError } from '../core/errors.ts';

/** The command line itself is wrong. */
export class UsageError extends LobbieSyncError {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super(message, { code: 'usage', action: 'abort', exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
  }
}

/** An error as it may be shown. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/**
 * The exit code of a command that an error ended. Database errors that a run would wait out or note for one list end
 * any other command altogether: that is not partial success.
 */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof LobbieSyncError)) return EXIT.unexpected;
  return error.code.startsWith('database.') && error.exitCode === EXIT.partial ? EXIT.unexpected : error.exitCode;
}

/**
 * What may be shown of an error. The text of one that is not ours is left out: a parser or a driver may quote a record
 * in it.
 */
export function shownError(error: unknown): ShownError {
  if (error instanceof LobbieSyncError) {
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  }
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  const kind = typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : 'Error';
  const known = typeof code === 'string' && /^\w{1,40}$/.test(code) ? ` ${code}` : '';
  return {
    code: 'unexpected',
    message: `something unexpected went wrong (${kind}${known})`,
    hint: 'Please report it with the output of the same command under LOG_LEVEL=debug; no record is in it.',
  };
}

/** The lines for standard error. `debug` adds where it happened, never the text of a foreign error. */
export function errorText(error: unknown, debug: boolean): string {
  if (error instanceof LobbieSyncError) return `${describeError(error)}\n${debug ? frames(error.cause) : ''}`;
  const { message, hint } = shownError(error);
  return `${message}\n  → ${hint}\n${debug ? frames(error) : ''}`;
}

/** The places of a stack trace without the message that stands above them. */
function frames(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const lines = error.stack.split('\n').filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
