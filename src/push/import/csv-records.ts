import { CsvError, type Parser, parse } from 'csv-parse';
import { LONGEST_LINE } from './line.ts';

/** A record of a CSV file, header included, and the line on which it begins; or why there is none. */
export type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: string };

/** By the code of the library: its texts quote the file. */
const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'has a quote within a cell that is not doubled',
  INVALID_OPENING_QUOTE: 'has a quote within a cell that is not quoted as a whole',
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
};
const ENDLESS = `has a quote that is never closed, or is longer than ${LONGEST_LINE / 1024} KiB`;

/**
 * Takes a CSV file apart (RFC 4180) as it comes, record by record. A line that can't be taken apart is told, and reading goes on
 * with the next one: a stray quote hides nothing of what follows. Holds a chunk and an unfinished record.
 */
export async function* csvRecords(source: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader();
  for await (const chunk of source) yield* await reader.read(chunk);
  yield* await reader.read(new Uint8Array(), true);
}

class CsvReader {
  /** What the parser of the moment has made out, and where each ends, counted from where it began. */
  readonly #found: { readonly cells: readonly string[]; readonly end: number }[] = [];
  #parser: Parser;
  /** Where `#rest` begins, counted likewise. */
  #start = 0;
  /** Bytes that the parser has and that are no whole record yet. */
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  /** Whether the line that `#rest` begins with is passed over. */
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

  /** Adds the records that are complete; returns what is wrong with the line after them. */
  async #parse(fresh: Uint8Array, last: boolean, records: CsvRecord[]): Promise<string | undefined> {
    const parser = this.#parser;
    // Waited for until it is taken apart.
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

  /** False while the line does not end. */
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
        // Nothing goes on to the readable side, so that nothing ever waits there.
        return null;
      },
    });
    // Told to whoever has written.
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
