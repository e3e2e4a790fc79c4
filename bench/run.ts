/** `npm run bench [name ...] [--json FILE]`: measures and prints; without a name, everything. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchEndToEnd, type EndToEndFigures, type PerProcess } from './end-to-end.ts';
import { end, endOnSignals } from './ending.ts';
import { benchLoader } from './loader.ts';
import { benchMemory, type MemoryPoint } from './memory.ts';
import { benchNights, type NightsReport } from './nights.ts';
import { benchPushes, type PushPoint } from './pushes.ts';
import { benchRate } from './rate.ts';
import { benchScale } from './scale.ts';
import { benchStorage } from './storage.ts';
import { count, machine, percent, printTable, startBenchDatabase } from './support.ts';

async function loader(): Promise<unknown> {
  const database = await startBenchDatabase();
  try {
    const figures = await benchLoader(database);
    const of = (value: number, noise: number) => `${count(value)} rows/s ± ${percent(noise)}`;
    printTable(`Loader against psql \\copy, ${count(figures.rows)} rows, two streams`, [
      ['', 'measured', 'target'],
      ['psql \\copy into a keyed table', of(figures.copyRate, figures.copyNoise), ''],
      ['loader, new rows', of(figures.loadRate, figures.loadNoise), ''],
      ['loader / psql', `${figures.share.toFixed(2)} ± ${percent(figures.shareNoise)}`, '≥ 0.8'],
      ['loader, unchanged rows', of(figures.unchangedRate, figures.unchangedNoise), ''],
      ['unchanged / new', `${figures.unchangedTimes.toFixed(1)} times`, '≥ 3'],
      ['WAL of an unchanged row', `${figures.walPerUnchangedRow.toFixed(2)} bytes`, '≤ 32'],
      ['loader, changed rows', `${count(figures.changedRate)} rows/s`, ''],
    ]);
    return figures;
  } finally {
    await database.stop();
  }
}

const three = ({ sync, simulator, postgres }: PerProcess, digits: number): string =>
  [sync, simulator, postgres].map((value) => value.toFixed(digits)).join(', ');

async function endToEnd(): Promise<unknown> {
  const all = [
    await benchEndToEnd('three large lists', 2500, ['notification_groups', 'appointments', 'notifications'], 5),
    await benchEndToEnd('everything', 300, [], 3),
  ];
  for (const { name, first, again } of all) {
    const line = (label: string, value: (run: EndToEndFigures) => string) => [label, value(first), value(again)];
    printTable(`API to Postgres, ${name} of two accounts, ${count(first.rows)} rows`, [
      ['', 'first backfill', 'again, unchanged'],
      line('seconds', (run) => `${run.seconds.toFixed(1)} ± ${percent(run.noise)}`),
      line('requests/s', (run) => count(run.requestsPerSecond)),
      line('records received/s', (run) => count(run.receivedPerSecond)),
      line('rows stored or compared/s', (run) => count(run.rowsPerSecond)),
      line('WAL bytes a row', (run) => run.walPerRow.toFixed(1)),
      line('busy cores: lobbie-sync, simulator, Postgres', ({ cores }) => three(cores, 2)),
      line('µs of processor time a row, likewise', ({ cpuPerRow }) => three(cpuPerRow, 0)),
      line('peak memory, MB', (run) => count(run.peakMegabytes)),
    ]);
  }
  return all;
}

async function rate(): Promise<unknown> {
  const figures = await benchRate();
  printTable(
    `Fraction of a rate limit of ${figures.rate}/s used at ${figures.latencyMs} ms a request, ${figures.seconds} s`,
    [
      ['', 'measured', 'target'],
      ['share used', figures.shares.map((share) => percent(share, 1)).join(', '), '≥ 92 %'],
      ['refused with 429', percent(figures.throttled, 2), '≤ 1 %'],
    ],
  );
  return figures;
}

async function memory(): Promise<unknown> {
  const figures = await benchMemory();
  const point = ({ rows, seconds, peakMegabytes, noise }: MemoryPoint) => [
    count(rows),
    seconds.toFixed(1),
    `${count(peakMegabytes)} ± ${percent(noise)}`,
  ];
  printTable('Peak memory of a backfill', [
    ['rows', 'seconds', 'peak, MB (target: below 250)'],
    point(figures.small),
    point(figures.large),
    ['ratio', '', `${figures.ratio.toFixed(2)} (target: ≤ 1.3)`],
  ]);
  return figures;
}

async function nights(): Promise<unknown> {
  const reports: NightsReport[] = [];
  for (const patients of [1000, 10_000]) reports.push(await benchNights(patients));
  for (const { patients, runs, share } of reports) {
    printTable(`Nightly syncs of one account with ${count(patients)} patients, five locations`, [
      ['', 'requests', 'seconds', 'records read', 'rows written'],
      ...runs.map((run) => [
        run.name,
        count(run.requests),
        run.seconds.toFixed(1),
        count(run.rowsRead),
        count(run.written),
      ]),
      [
        'nightly sync after changes / full read',
        `${(100 * share).toFixed(1)} % (target: ≤ 10 % at 10,000)`,
        '',
        '',
        '',
      ],
    ]);
  }
  return reports;
}

async function pushes(): Promise<unknown> {
  const figures = await benchPushes();
  const point = ({ rows, seconds, share, throttled, order, peakMegabytes }: PushPoint) => [
    count(rows),
    seconds.toFixed(1),
    percent(share, 1),
    percent(throttled, 2),
    order ? 'kept' : 'BROKEN',
    count(peakMegabytes),
  ];
  printTable(`Delivering updates at a limit of ${figures.rate} requests/s, ${figures.latencyMs} ms a request`, [
    ['rows', 'seconds', 'share of the limit used (target: ≥ 90 %)', '429', 'order per target', 'peak, MB'],
    point(figures.small),
    point(figures.large),
    ['ratio', '', '', '', '', figures.ratio.toFixed(2)],
  ]);
  return figures;
}

async function storage(): Promise<unknown> {
  const report = await benchStorage(1000);
  const kilobytes = (bytes: number) => (bytes / 1024).toFixed(1);
  printTable(`Size of the warehouse after a backfill, two accounts of ${count(report.patients)} patients`, [
    ['', 'rows', 'KB a patient', 'of it indexes'],
    ...report.tables
      .slice(0, 12)
      .map((table) => [table.name, count(table.rows), kilobytes(table.perPatient), kilobytes(table.indexesPerPatient)]),
    ['everything', '', kilobytes(report.perPatient), ''],
  ]);
  return report;
}

async function scale(): Promise<unknown> {
  const report = await benchScale(1_000_000, ({ name, seconds, exitCode }) => {
    process.stdout.write(`${name}: ${seconds.toFixed(2)} s, exit ${exitCode}\n`);
  });
  printTable(`Commands over ${count(report.patients)} patients and ${count(report.checks)} checks`, [
    ['', 'exit', 'seconds', 'peak, MB'],
    ...report.commands.map((command) => [
      command.name,
      String(command.exitCode),
      command.seconds.toFixed(2),
      count(command.peakMegabytes),
    ]),
  ]);
  return report;
}

const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  loader,
  'end-to-end': endToEnd,
  rate,
  memory,
  nights,
  pushes,
  storage,
  scale,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  endOnSignals();
  const results: Record<string, unknown> = { machine: machine(), at: new Date().toISOString() };
  process.stdout.write(`${machine()}\n`);
  try {
    for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES))
      results[name] = await BENCHES[name]?.();
  } finally {
    await end();
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}

await main();
