import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A stretch of a file, lines from 1, both included. */
export interface Place {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Finds what to mutate: `name.ts` is a whole file, anything else a declaration at the top level of a file. Both are searched
 * for below `root`, so that moving a decider needs no edit.
 *
 * @throws Error when it is not there, or there more than once: it would silently not be measured any more
 */
export function findPlaces(names: readonly string[], root: string): readonly Place[] {
  const files = globSync(`${root}/**/*.ts`)
    .sort()
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n') }));
  return names.map((name) => {
    const found = name.endsWith('.ts')
      ? files.filter(({ file }) => file.endsWith(`/${name}`) || basename(file) === name).map(whole)
      : files.flatMap(({ file, lines }) => declarationIn(file, lines, name));
    const [place, ...others] = found;
    if (place === undefined) throw new Error(`${name} is not in ${root}`);
    if (others.length > 0) throw new Error(`${name} is in ${found.map(({ file }) => file).join(' and ')}`);
    return place;
  });
}

const whole = ({ file, lines }: { file: string; lines: readonly string[] }): Place => ({
  file,
  from: 1,
  to: lines.length,
});

/** What begins the next declaration, or the comment above it: the formatter indents everything inside of one. */
const NEXT = /^(\/[*/]|export |async |const |let |function|interface |type |class )/;

function declarationIn(file: string, lines: readonly string[], name: string): readonly Place[] {
  const head = new RegExp(`^(export )?(async )?(function\\*?|const) ${name}\\b`);
  const first = lines.findIndex((line) => head.test(line));
  if (first < 0) return [];
  const length = lines.slice(first + 1).findIndex((line) => NEXT.test(line));
  return [{ file, from: first + 1, to: length < 0 ? lines.length : first + 1 + length }];
}
