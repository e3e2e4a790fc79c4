#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must reach the sentence below instead of failing on syntax.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `lobbie-sync needs Node 22.18 or later, this is ${process.versions.node}.\n` +
      'On Linux and Windows x64 `npm ci` installs one beside the project: start it with `npx lobbie-sync`.\n' +
      'If optional dependencies were left out (--omit=optional), install Node 24 from https://nodejs.org.\n',
  );
  process.exit(2);
}
await import('./heap.js');
const { main } = await import('../src/cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
