import { CsvError, type Parser, parse } from 'csv-parse';
import { LONGEST_LINE } from './line.ts';

/** A record of a CSV file (the header too) with the line on which it begins; or why that line can't be parsed. */
export type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: string };

/** Texts by the error code of the library, because the library's own texts quote the file. */
const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'has a quote within a cell that is not doubled',
  INVALID_OPENING_QUOTE: 'has a quote within a cell that is not quoted as a whole',
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
};
const ENDLESS = `has a quote that is never closed, or is longer than ${LONGEST_LINE / 1024} KiB`;

/**
 * Parses a CSV file (RFC 4180) record by record, as a stream. A line that can't be parsed is reported, and parsing continues with
 * the next line, so that a stray quote hides nothing that follows. It holds one chunk and one unfinished record in memory.
 */
export async function* csvRecords(source: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader();
  for await (const chunk of source) yield* await reader.read(chunk);
  yield* await reader.read(new Uint8Array(), true);
}

class CsvReader {
  /** Records that the current parser has found, with the offset of their end from the start of that parser. */
  readonly #found: { readonly cells: readonly string[]; readonly end: number }[] = [];
  #parser: Parser;
  /** The offset of `#rest` from the start of the current parser. */
  #start = 0;
  /** Bytes that the parser has received and that are not a complete record yet. */
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  /** Whether the line at the start of `#rest` is skipped. */
  #skipping = false;

  constructor() {
    this.#parser = this.#newParser();
  }

  async read(chunk: Uint8Array, last = false): Promise<readonly CsvRecord[]> {
    const records: CsvRecord[] = [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let fresh = chunk; ; ) {
      if (this.#skipping) {
        if (!this.#skipLine()) return records;
        fresh = this.#rest;
      }
      const problem = await this.#parse(fresh, last, records);
      if (problem === undefined) return records;
      records.push({ line: this.#line, problem });
      this.#parser = this.#newParser();
      this.#start = 0;
      this.#skipping = true;
    }
  }

  /** Adds the complete records; returns the fault of the line after them, if it has one. */
  async #parse(fresh: Uint8Array, last: boolean, records: CsvRecord[]): Promise<string | undefined> {
    const parser = this.#parser;
    // Resolves when the parser has processed the bytes.
    const failure = await new Promise<Error | null | undefined>((done) => {
      parser.write(fresh, (error) => (error || !last ? done(error) : parser.end(done)));
    });
    for (const { cells, end } of this.#found.splice(0)) {
      records.push({ line: this.#line, cells });
      this.#line += lineFeeds(this.#rest.subarray(0, end - this.#start));
      this.#rest = this.#rest.subarray(end - this.#start);
      this.#start = end;
    }
    if (failure instanceof CsvError) return PROBLEMS[failure.code] ?? 'can not be read';
    if (failure) throw failure;
    return this.#rest.length > LONGEST_LINE ? ENDLESS : undefined;
  }

  /** Skips the rest of a line; false if its end is not there yet. */
  #skipLine(): boolean {
    const end = this.#rest.indexOf(LINE_FEED);
    this.#rest = end < 0 ? Buffer.alloc(0) : this.#rest.subarray(end + 1);
    if (end < 0) return false;
    this.#line += 1;
    this.#skipping = false;
    return true;
  }

  #newParser(): Parser {
    const parser = parse({
      bom: this.#line === 1,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      on_record: (cells, { bytes }) => {
        this.#found.push({ cells, end: bytes });
        // Null keeps the record out of the readable side, where nobody would read it and it would block the parser.
        return null;
      },
    });
    // The error is passed to the callback of `write`; this listener only keeps it from ending the process.
    parser.on('error', () => undefined);
    return parser;
  }
}

const LINE_FEED = 10;

function lineFeeds(bytes: Uint8Array): number {
  let feeds = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) feeds += 1;
  return feeds;
}
