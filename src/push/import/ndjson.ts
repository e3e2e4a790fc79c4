import { parseJson } from '../../api/json.ts';
import type { JsonObject } from '../row.ts';
import type { Fault } from '../validate.ts';
import {
  asObject,
  DAMAGED,
  type ImportLine,
  isDamaged,
  LINE,
  LONGEST_LINE,
  NO_OBJECT,
  type OwnColumn,
  ownColumn,
  shownName,
} from './line.ts';

/** Reads a file with one JSON object per line, as a stream. Blank lines are skipped. */
export async function* readNdjson(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(source)) {
    if (text === null) yield unread(line, `is longer than ${LONGEST_LINE / 1024} KiB`);
    else if (text.trim() !== '') yield readLine(text, line);
  }
}

/**
 * Splits a stream at line feeds only, because other line breaks of Unicode are ordinary characters within JSON. The text of a line
 * that is too long is null and is not kept in memory.
 */
export async function* textLines(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly line: number; readonly text: string | null }> {
  const decoder = new TextDecoder();
  let line = 1;
  let text = '';
  let tooLong = false;
  const take = (part: string) => {
    tooLong ||= text.length + part.length > LONGEST_LINE;
    text = tooLong ? '' : text + part;
  };
  const end = () => {
    const ended = { line, text: tooLong ? null : text };
    line += 1;
    text = '';
    tooLong = false;
    return ended;
  };
  for await (const chunk of source) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      take(part);
      yield end();
    }
    take(last);
  }
  take(decoder.decode());
  yield end();
}

/** Reads the JSON of one line. Pure. */
export function readLine(text: string, line: number): ImportLine {
  if (isDamaged(text)) return unread(line, DAMAGED);
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    // The parser's own message is left out, because it quotes the line.
    return unread(line, 'is not JSON');
  }
  const object = asObject(parsed);
  if (object === undefined) return unread(line, NO_OBJECT);
  const faults: Fault[] = [];
  const own = new Map<OwnColumn, unknown>();
  let changes: JsonObject | null = {};
  for (const [name, value] of Object.entries(object)) {
    const column = ownColumn(name);
    if (column !== undefined) {
      if (own.has(column)) faults.push({ field: column, problem: 'is given twice' });
      own.set(column, value);
    } else if (name === 'changes') {
      changes = value === null ? {} : (asObject(value) ?? null);
      if (changes === null) faults.push({ field: name, problem: NO_OBJECT });
    } else faults.push({ field: shownName(name), problem: 'is no key of a row; fields belong into changes' });
  }
  return { line, given: { own, changes }, faults };
}

const unread = (line: number, problem: string): ImportLine => ({
  line,
  given: null,
  faults: [{ field: LINE, problem }],
});
