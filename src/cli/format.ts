import Table from 'cli-table3';

const numbers = new Intl.NumberFormat('en-US');

/** `1234567` → `1,234,567`. Takes the text that Postgres gives for bigint, too. */
export function count(value: number | bigint | string | null | undefined): string {
  return value === null || value === undefined ? '-' : numbers.format(BigInt(value));
}

/** `1 list`, `3 lists`. */
export function plural(value: number | string, one: string, many = `${one}s`): string {
  return `${count(value)} ${Number(value) === 1 ? one : many}`;
}

/** `850 ms`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  const positive = Math.max(0, ms);
  if (positive < 1000) return `${Math.round(positive)} ms`;
  const seconds = Math.round(positive / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, 'h', minutes % 60, 'min');
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const two = (first: number, unit: string, second: number, smaller: string): string =>
  second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${smaller}`;

/** The time that has passed since an instant, in its largest unit: `5 hours`. */
export function age(at: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - at.getTime()) / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return plural(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? plural(hours, 'hour') : plural(Math.floor(hours / 24), 'day');
}

/** `2026-01-15 12:00 UTC`. */
export function instant(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  right: '',
  'right-mid': '',
  mid: '',
  'mid-mid': '',
  middle: ' ',
};

export interface TableOptions {
  readonly head: readonly string[];
  /** Columns of numbers, aligned to the right, by their place. */
  readonly right?: readonly number[];
  /** Put before each line. Default two blanks. */
  readonly indent?: string;
  /** Styles the head. Default: none. */
  readonly paintHead?: (text: string) => string;
}

/** A table without lines: reads well and copies well. */
export function table(rows: readonly (readonly string[])[], options: TableOptions): string {
  const { head, right = [], indent = '  ', paintHead = (text) => text } = options;
  const made = new Table({
    head: head.map(paintHead),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colAligns: head.map((_, at) => (right.includes(at) ? 'right' : 'left')),
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => `${indent}${line.trimEnd()}`)
    .join('\n');
}

/** Pairs as two aligned columns. */
export function pairs(entries: readonly (readonly [string, string])[], indent = '  '): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}`).join('\n');
}
