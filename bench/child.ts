/**
 * Runs one backfill, or with the argument `push` one delivery of the outbox. It is a process of its own, so that its memory and
 * processor time can be measured alone. It reads the settings from the environment and the resources from its arguments, and
 * writes one JSON line of `RunFigures`.
 */
import '../bin/heap.js';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openApp } from '../src/app/app.ts';
import { everything } from '../src/core/selection.ts';
import { StopSignal } from '../src/core/stop.ts';
import type { RunFigures } from './processes.ts';

/** The peak memory of the process, as the kernel counts it. */
function peakKilobytes(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found !== null) return Number(found[1]);
  } catch {
    // Only Linux has /proc.
  }
  return process.resourceUsage().maxRSS;
}

const app = openApp({ env: process.env, cwd: tmpdir(), terminal: false });
try {
  await app.requireSchema();
  const began = performance.now();
  const cpu = process.cpuUsage();
  const resources = process.argv.slice(2);
  const stop = new StopSignal();
  const report =
    resources[0] === 'push'
      ? await app.push.apply({ selection: everything, stop })
      : await app.run({ kind: 'backfill', selection: { ...everything, resources }, restart: true, stop });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const run = (await app.runDetails(report.runId))?.run;
  const figures: RunFigures = {
    status: report.status,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakKilobytes: peakKilobytes(),
    requests: Number(run?.requests),
    received: Number(run?.rows_read),
    inserted: Number(run?.rows_inserted),
    updated: Number(run?.rows_updated),
    unchanged: Number(run?.rows_unchanged),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await app.close();
}
