import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, ROOT, sourcesIn, specifiersOf } from './sources.ts';

/** The table of docs/architecture.md: folder or file → what it may import. */
function readTable(): Map<string, readonly string[]> {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const lines = text.slice(text.indexOf('| Folder |')).split('\n');
  const table = new Map<string, readonly string[]>();
  for (const line of lines.slice(2)) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (cells.length !== 5) break;
    const [, folder = '', , allowed = ''] = cells;
    table.set(
      folder.replaceAll('`', ''),
      allowed === '-' ? [] : [...allowed.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
    );
  }
  return table;
}

const table = readTable();
const sources = sourcesIn('src', 'bin', 'migrations', 'simulator');

/** The row of the table that a file belongs to: the longest that fits. */
function rowOf(path: string): string | undefined {
  return [...table.keys()]
    .filter((folder) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

test('the table is read', () => {
  expect(table.size).toBeGreaterThan(12);
  expect(table.get('src/core')).toEqual([]);
  expect(table.get('src/cli')).toEqual(['src/core', 'src/app']);
  for (const allowed of table.values()) for (const name of allowed) expect([...table.keys()]).toContain(name);
});

test('imports are found in all their forms', () => {
  const text = `import a from './a.ts';\nimport type { B } from "./b.ts";\nexport { c } from './c.ts';\nexport * from './d.ts';
import './e.ts';\nimport {\n  f,\n  type G,\n} from './f.ts';\nconst h = await import('./h.ts');\ntype I = import('./i.ts').I;`;
  expect(specifiersOf(text).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'h', 'i'].map((name) => `./${name}.ts`));
});

test('every file belongs to a row of the table', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter(({ path }) => rowOf(path) === undefined).map(({ path }) => path)).toEqual([]);
});

test('every file that is imported exists', () => {
  const known = new Set(sources.map(({ path }) => path));
  const missing = sources.flatMap((source) =>
    importsOf(source)
      .filter((target) => target.endsWith('.ts') && !known.has(target))
      .map((target) => `${source.path} → ${target}`),
  );
  expect(missing).toEqual([]);
});

describe.each([...table])('%s', (folder, allowed) => {
  test('imports what the table allows, and nothing else', () => {
    const found = sources
      .filter(({ path }) => rowOf(path) === folder)
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => {
            const row = rowOf(target);
            return row === undefined ? target.endsWith('.ts') : row !== folder && !allowed.includes(row);
          })
          .map((target) => `${source.path} → ${target}`),
      );
    expect(found).toEqual([]);
  });
});

test('the table allows nothing that nobody uses', () => {
  const used = new Set(
    sources.flatMap((source) => importsOf(source).map((target) => `${rowOf(source.path)} → ${rowOf(target)}`)),
  );
  const unused = [...table].flatMap(([folder, allowed]) =>
    allowed.map((name) => `${folder} → ${name}`).filter((edge) => !used.has(edge)),
  );
  expect(unused).toEqual([]);
});

test('no files import each other in a ring', () => {
  const graph = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const done = new Set<string>();
  const rings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      rings.push([...trail.slice(at), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  expect(rings).toEqual([]);
});
