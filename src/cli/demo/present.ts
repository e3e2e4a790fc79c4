import { count, duration, pairs, plural, table } from '../format.ts';
import type { Output } from '../output.ts';
import type { RunDocument } from '../run-document.ts';

/** A question with what the database answered. */
export interface Answer {
  readonly title: string;
  readonly sql: string;
  readonly rows: readonly Record<string, unknown>[];
}

/** Begins a step. */
export function step(output: Output, number: number, text: string): void {
  output.line();
  output.line(output.paint(['bold', 'cyan'], `${number}  ${text}`));
}

/** What a step achieved. */
export const done = (output: Output, text: string): string => `   ${output.paint('green', '✓')} ${text}`;

/** A run in one line. */
export function backfillLine(run: RunDocument): string {
  const { read, inserted, requests, rejected } = run.counts;
  const took = run.durationMs === null ? '' : ` in ${duration(run.durationMs)}`;
  const rest = rejected > 0 ? `, ${count(rejected)} rejected` : '';
  return `${plural(requests, 'request')}, ${plural(read, 'record')} read, ${plural(inserted, 'row')} written${rest}${took}`;
}

/** Two entries a line, so that all tables fit on a screen. */
export function sideBySide(entries: readonly (readonly [string, string])[]): string {
  const half = Math.ceil(entries.length / 2);
  const rows = entries.slice(0, half).map((left, at) => [...left, '', ...(entries[at + half] ?? ['', ''])]);
  return table(rows, { head: ['table', 'rows', '', 'table', 'rows'], right: [1, 4], indent: '   ' });
}

/** The question, its SQL and the answer as a table. */
export function printAnswer(output: Output, { title, sql, rows }: Answer): void {
  const columns = Object.keys(rows[0] ?? {});
  const cell = (value: unknown): string => (value === null ? '-' : String(value));
  const isNumber = (name: string) => rows.every((row) => row[name] === null || /^-?[\d.]+$/.test(String(row[name])));
  output.line();
  output.line(`   ${output.paint('bold', title)}`);
  for (const line of sql.split('\n')) output.line(`   ${output.paint('dim', line)}`);
  output.line();
  output.line(
    table(
      rows.map((row) => columns.map((name) => cell(row[name]))),
      {
        head: columns.map((name) => name.replaceAll('_', ' ')),
        right: columns.flatMap((name, at) => (isNumber(name) && name !== 'account' ? [at] : [])),
        indent: '   ',
        paintHead: (text) => output.paint('cyan', text),
      },
    ),
  );
}

/** What remains, and how to use it. */
export function printEnd(
  output: Output,
  { keep, databaseUrl, settings }: { keep: boolean; databaseUrl: string; settings: Record<string, string> },
): void {
  if (!keep) {
    output.line('   The database and the simulator are stopped. `npx lobbie-sync demo --keep` leaves both running,');
    output.line('   to look around with psql or a BI tool.');
    return;
  }
  output.line('   Both keep running. Look around with psql, or give this URL to a BI tool (it holds the password):');
  output.line();
  output.line(`     psql '${databaseUrl}'`);
  output.line();
  output.line('   To run other commands against them, set:');
  output.line();
  output.line(
    pairs(
      Object.entries(settings).map(([name, value]) => [`export ${name}='${value}'`, '']),
      '     ',
    ).replaceAll(/ +$/gm, ''),
  );
  output.line();
  output.line('   Then for instance: npx lobbie-sync status');
  output.line('   To stop both: npx lobbie-sync demo --stop');
}
