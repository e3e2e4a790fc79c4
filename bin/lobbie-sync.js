#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must reach the sentence below instead of failing on syntax.
import { existsSync, readFileSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `lobbie-sync needs Node 22.18 or later, this is ${process.versions.node}.\n` +
      'In a checkout on Linux or Windows x64 `npm ci` installs one beside the project: start it with `npx lobbie-sync`.\n' +
      'Otherwise, or if optional dependencies were left out (--omit=optional), install Node 24 from https://nodejs.org.\n',
  );
  process.exit(2);
}

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  // Scripts ask for the version each time; nothing has to be loaded for it.
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${manifest.version}\n`);
} else {
  await import('./heap.js');
  const { useCompileCache } = await import('./compile-cache.js');
  useCompileCache();
  const main = await load();
  process.exitCode = await main(argv);
}

/** A checkout runs its sources as they are. The package has only what was built from them. */
async function load() {
  if (!existsSync(new URL('../src/cli/main.ts', import.meta.url))) return (await import('../dist/cli.js')).main;
  try {
    return (await import('../src/cli/main.ts')).main;
  } catch (error) {
    // npm leaves these libraries out when NODE_ENV is production; the package has them built in.
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write('A library is missing. In a checkout run `npm ci --include=dev`.\n');
    process.exit(2);
  }
}
