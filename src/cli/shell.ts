import { type Command, CommanderError, type OutputConfiguration } from 'commander';
import type { App } from '../app/types.ts';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { errorText, exitCodeOf, shownError, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { Output } from './output.ts';

/** What a command's action gets. */
export interface Invocation<Options> {
  readonly args: readonly string[];
  readonly options: Options;
  readonly output: Output;
  readonly io: Io;
  /** Builds the App from the settings, runs `work`, and releases everything again. */
  withApp<T>(work: (app: App) => Promise<T>): Promise<T>;
}

/** Turns what a command does into an exit code and its failure into lines that help. */
export class Shell {
  readonly io: Io;
  readonly #json: boolean;
  #exitCode: ExitCode = EXIT.done;

  constructor(argv: readonly string[], io?: Io) {
    const { stdout, stderr, env } = process;
    this.io = io ?? { stdout, stderr, env, cwd: process.cwd() };
    this.#json = argv.includes('--json');
    // A reader that has seen enough (`| head`) closes the pipe; that is no failure.
    this.io.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.done);
      throw error;
    });
    // What is said beside the data may get lost; the work goes on.
    this.io.stderr.on('error', () => undefined);
  }

  /** Wraps what a command does for commander. */
  action<Options>(
    work: (invocation: Invocation<Options>) => Promise<ExitCode>,
  ): (...given: unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<Options & { json?: boolean; quiet?: boolean }>();
      const output = new Output(this.io, { json: options.json === true, quiet: options.quiet === true });
      this.#exitCode = await work({
        args: command.args,
        options,
        output,
        io: this.io,
        withApp: (use) => this.#withApp(output, use),
      });
    };
  }

  /** Runs the program; never throws. */
  async run(parse: () => Promise<unknown>): Promise<ExitCode> {
    try {
      await parse();
      return this.#exitCode;
    } catch (error) {
      if (error instanceof CommanderError) return this.#commanderExit(error);
      return this.#fail(error);
    }
  }

  /** Commander's own words go to standard error, apart from help that was requested. */
  commanderOutput(): OutputConfiguration {
    const { stdout, stderr } = this.io;
    return {
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 120,
      getErrHelpWidth: () => stderr.columns ?? 120,
    };
  }

  async #withApp<T>(output: Output, use: (app: App) => Promise<T>): Promise<T> {
    const { openApp } = await import('../app/app.ts');
    const app = openApp({
      env: this.io.env,
      cwd: this.io.cwd,
      terminal: this.io.stderr.isTTY === true,
      logStream: output.logStream,
      ...(output.quiet ? { least: 'error' as const } : {}),
    });
    try {
      return await use(app);
    } finally {
      await app.close();
    }
  }

  #commanderExit(error: CommanderError): ExitCode {
    if (error.exitCode === 0) return EXIT.done;
    if (error.code === 'commander.help') return EXIT.usage;
    // Its text was written already; scripts get it as data too.
    if (this.#json) this.#document(new UsageError(error.message.replace(/^error: /, '')));
    return EXIT.usage;
  }

  #fail(error: unknown): ExitCode {
    const debug = ['debug', 'trace'].includes(this.io.env['LOG_LEVEL'] ?? '');
    this.io.stderr.write(`error: ${errorText(error, debug)}`);
    if (this.#json) this.#document(error);
    return exitCodeOf(error);
  }

  #document(error: unknown): void {
    new Output(this.io, { json: true, quiet: false }).data({ error: shownError(error), exitCode: exitCodeOf(error) });
  }
}
