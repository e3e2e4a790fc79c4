import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/**
 * Builds what the package has in dist/: JavaScript with source maps, and types. A checkout runs its sources and needs none
 * of it. Libraries that every command needs, or of which little is used, are built in: a command starts in half the time, and
 * an install does not bring along the rest of them. All others stay dependencies.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const BUILT_IN = ['@faker-js/faker', 'cli-table3', 'commander', 'kysely', 'zod'];

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const isExternal = (id: string) =>
  [...Object.keys(manifest.dependencies), 'pg-native'].some((name) => id === name || id.startsWith(`${name}/`));

/** An entry for each file of a folder that the code reads by name when it runs. */
const entriesOf = (folder: string, target: string) =>
  Object.fromEntries(
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [`${target}/${name.slice(0, -3)}`, `${folder}/${name}`]),
  );

async function buildCode(): Promise<readonly OutputChunk[]> {
  const bundle = await rolldown({
    cwd: ROOT,
    platform: 'node',
    external: isExternal,
    input: {
      cli: 'src/cli/main.ts',
      index: 'src/index.ts',
      simulator: 'simulator/index.ts',
      'simulator-main': 'simulator/main.ts',
      ...entriesOf('migrations', 'migrations'),
      ...entriesOf('simulator/rows/tables', 'tables'),
    },
  });
  const { output } = await bundle.write({
    dir: DIST,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Readable on purpose: stack traces in reports, and whoever audits the package, read this code.
    minify: false,
  });
  await bundle.close();
  return output.filter((file) => file.type === 'chunk');
}

/** Declarations by the compiler, then one file an entry with only what it exports. */
async function buildTypes(): Promise<void> {
  const folder = mkdtempSync(join(ROOT, '.types-'));
  try {
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    const args = ['-p', 'tsconfig.build.json', '--outDir', folder];
    const { status } = spawnSync(process.execPath, [tsc, ...args], { cwd: ROOT, stdio: 'inherit' });
    if (status !== 0) throw new Error('the types can not be built');
    const bundle = await rolldown({
      cwd: ROOT,
      platform: 'node',
      input: { index: join(folder, 'src/index.d.ts'), simulator: join(folder, 'simulator/index.d.ts') },
      // Nothing of zod is exported; its types would only be read and dropped again.
      external: (id) => id.startsWith('node:') || id === 'zod' || isExternal(id),
      plugins: [dts({ dtsInput: true, tsconfig: false, generator: 'oxc' })],
    });
    await bundle.write({ dir: DIST, format: 'esm', chunkFileNames: 'types-[hash].d.ts' });
    await bundle.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The licences of the libraries that are built in ask to be passed on. */
function writeNotices(chunks: readonly OutputChunk[]): void {
  const folders = new Set(
    chunks.flatMap((chunk) =>
      Object.keys(chunk.modules).flatMap((id) => {
        const path = relative(ROOT, id).split(sep).join('/');
        const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
        return found === undefined ? [] : [found];
      }),
    ),
  );
  const entries = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(ROOT, folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? '' : `\n\n${readFileSync(join(ROOT, folder, file), 'utf8').trim()}`;
    return `${name} ${version} (${license})${text}`;
  });
  const missing = BUILT_IN.filter((name) => !entries.some((entry) => entry.startsWith(`${name} `)));
  if (missing.length > 0) throw new Error(`not built in: ${missing.join(', ')}`);
  const head = 'These libraries are built into the code of lobbie-sync.';
  writeFileSync(join(DIST, 'THIRD-PARTY-NOTICES.txt'), `${[head, ...entries].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
}

rmSync(DIST, { recursive: true, force: true });
const chunks = await buildCode();
writeNotices(chunks);
await buildTypes();
