import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Io } from './io.ts';

type Style = Parameters<typeof styleText>[0];

/** JSON of anything a command knows: bigint as text, dates as ISO 8601. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each), 2);
}

/** Standard output holds the result and nothing else; everything else that is printed goes to standard error. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Where the log writes; lines go through `note`'s door, so that a progress display can step aside for them. */
  readonly logStream: Writable;
  readonly #io: Io;
  #aside: ((text: string) => void) | undefined;

  constructor(io: Io, options: { readonly json: boolean; readonly quiet: boolean }) {
    this.#io = io;
    this.json = options.json;
    this.quiet = options.quiet;
    this.logStream = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        this.say(String(chunk));
        done();
      },
    });
  }

  /** The stream that progress is drawn on. */
  get progressStream(): NodeJS.WriteStream {
    return this.#io.stderr;
  }

  /** Width of the terminal that results are read on. */
  get width(): number {
    return this.#io.stdout.columns ?? 120;
  }

  /** A line of the result for people; nothing with --json. */
  line(text = ''): void {
    if (!this.json) this.#io.stdout.write(`${text}\n`);
  }

  /** A heading in the result, with an empty line before it. */
  heading(text: string): void {
    this.line();
    this.line(this.paint('bold', text));
  }

  /** Lines of the result under a heading; nothing when there are none. */
  section(heading: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.heading(heading);
    for (const line of lines) this.line(line);
  }

  /** The one JSON document of --json. */
  data(document: unknown): void {
    if (this.json) this.#io.stdout.write(`${toJson(document)}\n`);
  }

  /** A line about what happens; nothing with --quiet. */
  note(text: string): void {
    if (!this.quiet) this.say(`${text}\n`);
  }

  /** Text on standard error, whatever the options. */
  say(text: string): void {
    if (this.#aside === undefined) this.#io.stderr.write(text);
    else this.#aside(text);
  }

  /** Sends what is said to a display that owns the terminal for a while; undefined ends that. */
  divert(aside: ((text: string) => void) | undefined): void {
    this.#aside = aside;
  }

  /** Colours text of the result; plain where colours are not wanted (no terminal, NO_COLOR). */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#io.stdout });
  }
}
