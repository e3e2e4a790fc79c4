import type { Row, TableSpec } from '../core/row.ts';

/**
 * The text format of COPY (PostgreSQL manual, "COPY", File Formats, Text Format): columns are separated by tabs, rows end with
 * newlines, `\N` is null, and characters that would be read as one of these are escaped with a backslash.
 */

const SPECIAL = /[\\\n\r\t]/;
const SPECIALS = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One value as COPY text. */
export function copyValue(value: string | null): string {
  if (value === null) return '\\N';
  return SPECIAL.test(value) ? value.replace(SPECIALS, (char) => ESCAPES[char] as string) : value;
}

/** Types whose values may need escapes; values of all other types consist of digits and punctuation. */
const ESCAPED: ReadonlySet<string> = new Set(['text', 'jsonb']);

/**
 * Returns the function that writes a row of a table as a line of COPY text, in the order of `copyColumns`. Text that is the same
 * for a whole batch is built once.
 */
export function rowLine(
  table: TableSpec,
  options: { readonly runId: string; readonly now: Date },
): (row: Row) => string {
  const escaped = table.columns.map(({ sql }) => ESCAPED.has(sql));
  const loaded = `${options.runId}\t${options.now.toISOString()}`;
  let readAt: Date | undefined;
  let tail = '';
  return (row) => {
    if (row.readAt !== readAt) {
      readAt = row.readAt;
      tail = `\t${loaded}\t${readAt.toISOString()}\t`;
    }
    let line = '';
    for (let index = 0; index < escaped.length; index += 1) {
      const value = row.values[index] as string | null;
      line += value === null ? '\\N\t' : `${escaped[index] ? copyValue(value) : value}\t`;
    }
    const raw = table.rawInCarrier ? '\\N' : copyValue(row.raw);
    return `${line}${raw}\t\\\\x${row.hash}${tail}${row.secondary ? '2' : '1'}\n`;
  };
}
