import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the project, its path with slashes and relative to the root. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** All code below some folders. */
export function sourcesIn(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
      .map((entry) => {
        const full = join(entry.parentPath, entry.name);
        const path = full.slice(ROOT.length).replaceAll('\\', '/');
        return { path, text: readFileSync(full, 'utf8') };
      }),
  );
}

const IMPORTS = [
  /^[ \t]*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]\s*[,)]/g,
];

/** What a text imports, re-exports or loads later, types too. */
export function specifiersOf(text: string): string[] {
  return IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}

/** The files of the project that a file imports. */
export function importsOf({ path, text }: Source): string[] {
  return specifiersOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(dirname(path), specifier));
}
