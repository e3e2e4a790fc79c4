import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';

const CHILD = `
const { onSignals } = await import(${JSON.stringify(new URL('../../../src/cli/signals.ts', import.meta.url).href)});
const busy = setInterval(() => undefined, 1000);
const unwatch = onSignals((signal) => { console.log(signal); unwatch(); clearInterval(busy); });
console.log('ready');
`;

/** Sends signals one after the other; the lines that the process wrote to each stream, and its exit code. */
async function signalled(names: readonly NodeJS.Signals[]) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CHILD]);
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    if (line === 'ready') for (const name of names) child.kill(name);
    else lines.push(line);
  });
  const [code, signal] = await once(child, 'close');
  return { lines, errors, code, signal };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('R35: %s asks for an orderly stop', async (name) => {
  expect(await signalled([name])).toEqual({ lines: [name], errors: '', code: 0, signal: null });
});

test.each(['SIGUSR1', 'SIGUSR2'] as const)('R35: %s is ignored, and no inspector opens', async (name) => {
  expect(await signalled([name, 'SIGHUP'])).toEqual({ lines: ['SIGHUP'], errors: '', code: 0, signal: null });
});
