import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** The settings of a file, and what a person should know of it. */
export interface DotEnv {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Sentences that name settings, never values. */
  readonly warnings: readonly string[];
}

/** Without the byte order mark that editors of Windows write. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

/** A line whose unquoted value has a `#` that follows something else than white space: part of a secret, most likely. */
const HASH = /^\s*(?:export\s+)?(\w+)\s*=\s*([^\s'"`#][^\s'"`]*#\S*)\s*(?:#.*)?$/;

/**
 * Reads the text of a `.env` file. The reader of Node cuts an unquoted value at `#`, so that a secret with one would be sent
 * without its end; here such a value is taken whole, and that is said. Pure.
 */
export function parseDotEnv(text: string): DotEnv {
  const plain = withoutMark(text);
  const values: Record<string, string | undefined> = { ...(parseEnv(plain) as Record<string, string>) };
  const warnings: string[] = [];
  for (const line of plain.split(/\r?\n/)) {
    const [, name, value] = HASH.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    values[name] = value;
    warnings.push(
      `.env: the value of ${name} has a # and no quotes; it was taken whole. Write ${name}="…" to be sure.`,
    );
  }
  return { values, warnings };
}

/** Reads `.env` in a folder; empty where there is none. */
export function readDotEnv(folder: string): DotEnv {
  const path = resolve(folder, '.env');
  return existsSync(path) ? parseDotEnv(readFileSync(path, 'utf8')) : { values: {}, warnings: [] };
}
