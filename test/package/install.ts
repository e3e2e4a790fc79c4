import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The oldest Node that is supported. The one that runs these tests is the newest. */
const OLDEST = '22.18.0';

/** What `npm pack --json` says of a tarball. */
export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly installed: {
      /** An empty folder with the package installed in it. */
      readonly folder: string;
      readonly packed: Packed;
      /** Version → its program. */
      readonly nodes: Readonly<Record<string, string>>;
    };
  }
}

/** Packs the project, installs the tarball in an empty folder, and fetches the oldest Node. */
export default function setup(project: TestProject): () => void {
  const place = mkdtempSync(join(tmpdir(), 'lobbie-sync-package-'));
  const [packed] = Object.values(JSON.parse(npm(['pack', '--json', '--pack-destination', place], ROOT))) as Packed[];
  if (packed === undefined) throw new Error('npm pack told nothing');
  const folder = join(place, 'user');
  install(folder, join(place, packed.filename));
  const runtime = join(place, 'runtime');
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  install(runtime, `${name}@${OLDEST}`);
  const oldest = join(runtime, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  process.stdout.write(
    `package: ${packed.files.length} files, ${megabytes(packed.size)} packed, ${megabytes(packed.unpackedSize)} unpacked\n`,
  );
  project.provide('installed', {
    folder,
    packed,
    nodes: { [OLDEST]: oldest, [process.versions.node]: process.execPath },
  });
  return () => rmSync(place, { recursive: true, force: true });
}

function install(folder: string, what: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  npm(['install', what, '--no-audit', '--no-fund'], folder);
}

/** npm says itself by its environment which project it works for; the package is another one. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync('npm', args, { cwd, encoding: 'utf8', env, shell: process.platform === 'win32' });
}
