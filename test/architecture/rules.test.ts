import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, sourcesIn } from './sources.ts';

const code = sourcesIn('src');

/** Lines of some files that a pattern fits, as `path:line`. */
function found(files: readonly { readonly path: string; readonly text: string }[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}

const pathsOf = (places: readonly string[]): string[] => [
  ...new Set(places.map((place) => place.replace(/:\d+$/, ''))),
];

describe('code', () => {
  test('the environment is read by the settings only; two others hand it on', () => {
    const readers = found(code, /\bprocess\.env\b|\benv\b[^=]*\} = process\b|from 'node:process'/);
    expect(
      pathsOf(readers)
        .filter((path) => !path.startsWith('src/config/'))
        .sort(),
    ).toEqual([
      // The command line hands it to the settings.
      'src/cli/shell.ts',
      // The programs of Postgres inherit it, without another server's variables.
      'src/db/embedded/run.ts',
    ]);
  });

  test('nothing is printed past the command line and the logger', () => {
    expect(found(code, /\bconsole\./).filter((place) => !place.startsWith('src/cli/'))).toEqual([]);
    const writers = found(code, /process\.(stdout|stderr)\b/).filter((place) => !place.startsWith('src/cli/'));
    expect(pathsOf(writers)).toEqual(['src/observability/logger.ts']);
  });

  test('no file is longer than 300 lines, generated ones apart', () => {
    const long = [...code, ...sourcesIn('simulator', 'migrations', 'bin')]
      .filter(({ path }) => !path.endsWith('.generated.ts'))
      .map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`)
      .filter((line) => Number(line.split(': ')[1]) > 300);
    expect(long).toEqual([]);
  });

  test('what is thrown is decided by codes: no text of a foreign error is matched outside the pool', () => {
    const matched = found(code, /\bmessage\.(includes|match|startsWith|endsWith|search)\b|\.test\([\w.]*\bmessage\)/);
    // The driver gives no code for a connection that ended under a query.
    expect(pathsOf(matched)).toEqual(['src/db/pool.ts']);
  });

  test('every resource has a file of its own name, and every such file is registered', () => {
    const registry = readFileSync(join(ROOT, 'src/extractors/registry.ts'), 'utf8');
    for (const { path, text } of sourcesIn('src/extractors/resources')) {
      const name = /name: '(\w+)'/.exec(text)?.[1];
      expect(path).toBe(`src/extractors/resources/${name}.ts`);
      expect(registry).toContain(`'./resources/${name}.ts'`);
    }
  });
});

describe('tests', () => {
  const tests = sourcesIn('test');

  test('use the real parts: no module is replaced', () => {
    expect(found(tests, /\bvi\.(do)?[mM]ock\b|\bvi\.stub/)).toEqual([]);
  });

  test('all run: none is skipped, chosen or still to be written', () => {
    expect(found(tests, /\b(test|it|describe|suite)\.(skip|only|todo|skipIf|runIf|fails)\b/)).toEqual([]);
  });
});

describe('what everybody can read', () => {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((path) => path !== '');
  const files = listed.flatMap((path) => {
    try {
      return [{ path, text: readFileSync(join(ROOT, path), 'utf8') }];
    } catch {
      // Deleted and not yet committed.
      return [];
    }
  });

  test('names no path of a machine', () => {
    const homes = ['work', 'root', 'home/\\w+', 'Users/\\w+'].join('|');
    expect(found(files, new RegExp(`(?:^|[\\s'"\`(=:])/(?:${homes})/`))).toEqual([]);
  });

  test('names no package registry: every machine has its own', () => {
    const hosts = ['registry', 'artifactory', 'nexus', 'verdaccio'].join('|');
    expect(found(files, new RegExp(`https?://[^/\\s"']*(?:${hosts})`, 'i'))).toEqual([]);
  });

  test('links to files that are there', () => {
    const pages = files.filter(({ path }) => path.endsWith('.md') && !path.startsWith('contract/'));
    expect(pages.map(({ path }) => path)).toContain('docs/guarantees.md');
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('holds no settings of a person', () => {
    expect(listed.filter((path) => /(^|\/)(\.env|\.npmrc|\.lobbie-sync)(\/|$)/.test(path))).toEqual([]);
  });
});
