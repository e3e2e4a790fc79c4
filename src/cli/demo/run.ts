import { openApp } from '../../app/app.ts';
import { resourceCatalogue } from '../../app/catalogue.ts';
import type { App } from '../../app/types.ts';
import { EXIT, type ExitCode, LobbieSyncError, StopError } from '../../core/errors.ts';
import { everything } from '../../core/selection.ts';
import { count, duration, plural } from '../format.ts';
import type { Output } from '../output.ts';
import { runWithProgress } from '../run-command.ts';
import { printRun } from '../run-summary.ts';
import { simulatorSettings } from '../simulator-process.ts';
import type { DemoPlace } from './place.ts';
import { type Answer, backfillLine, done, printAnswer, printEnd, sideBySide, step } from './present.ts';
import { QUESTIONS } from './questions.ts';

const ACCOUNTS = ['1001', '1002'];

export interface DemoOptions {
  readonly place: DemoPlace;
  readonly output: Output;
  readonly keep: boolean;
  /** Patients per account. */
  readonly patients: number;
}

/** Database, simulator, migrations, backfill, answers. Everything that was started is stopped again, unless it is kept. */
export async function runDemo({ place, output, keep, patients }: DemoOptions): Promise<ExitCode> {
  const began = performance.now();
  const releases: (() => Promise<void>)[] = [];
  const interrupted = interruption(output);
  let kept = false;
  try {
    output.line(output.paint('bold', 'lobbie-sync demo'));
    output.line(
      'Your own settings (LOBBIE_*, DATABASE_URL, .env) are left aside: everything here is local and invented.',
    );

    step(output, 1, 'Start a Postgres of its own and a simulated Lobbie with invented data');
    if (await place.stopLeftSimulator()) output.note('  the simulator of an earlier demo was stopped');
    const postgres = await place.startPostgres((message) => output.note(`  ${message}`));
    releases.push(async () => (kept ? undefined : await postgres.stop()));
    interrupted.check();
    output.line(done(output, `Postgres on port ${postgres.port}`));
    const started = await place.startSimulator([
      '--port',
      '0',
      '--patients',
      String(patients),
      '--accounts',
      ACCOUNTS.join(','),
    ]);
    releases.push(async () => (kept ? place.release(started) : await place.stopSimulator(started)));
    interrupted.check();
    output.line(done(output, `simulator with ${ACCOUNTS.length} accounts of ${patients} patients at ${started.url}`));

    const databaseUrl = await freshDatabase(postgres.url, place, output);
    const settings = { ...simulatorSettings(started, ACCOUNTS), DATABASE_URL: databaseUrl };
    const app = demoApp(place, output, settings);
    releases.push(() => app.close());

    step(output, 2, 'Bring the database to the current schema: lobbie-sync migrate');
    const { applied } = await app.migrate();
    output.line(done(output, `${plural(applied.length, 'migration')} applied`));
    interrupted.check();

    step(output, 3, 'Read everything: lobbie-sync backfill');
    interrupted.mute();
    const run = await runWithProgress(app, output, { kind: 'backfill', selection: everything });
    if (run.status !== 'succeeded') {
      // Its database goes with the demo: there is nothing to continue.
      printRun(output, { ...run, next: [] });
      output.data({ ok: false, run });
      return run.exitCode ?? EXIT.unexpected;
    }
    output.line(done(output, backfillLine(run)));

    step(output, 4, 'What is in the warehouse now');
    const tables = await tableCounts(app);
    output.line(sideBySide(tables.map(({ name, rows }) => [name, count(rows)] as const)));

    step(output, 5, 'Ask it something');
    const answers = await ask(app);
    interrupted.check();
    for (const answer of answers) printAnswer(output, answer);

    const tookMs = performance.now() - began;
    step(output, 6, keep ? 'Go on yourself' : 'Clean up');
    kept = keep;
    output.data({
      ok: true,
      kept,
      durationMs: Math.round(tookMs),
      run,
      tables,
      answers,
      ...(keep ? { settings, databaseUrl } : {}),
    });
    printEnd(output, { keep, databaseUrl, settings });
    output.line();
    output.line(output.paint('green', `Done in ${duration(tookMs)}.`));
    return EXIT.done;
  } finally {
    interrupted.end();
    for (const release of releases.reverse()) await release().catch(() => undefined);
  }
}

/** Ctrl+C ends the demo after the present step and cleans up; the backfill obeys it by itself. */
function interruption(output: Output) {
  let asked = false;
  let muted = false;
  const onSignal = (): void => {
    asked = true;
    if (!muted) output.note('stopping and cleaning up');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    check(): void {
      if (asked) throw new StopError('stop.signal', 'the demo was stopped');
    },
    /** The run says itself that it stops. */
    mute(): void {
      muted = true;
    },
    end(): void {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

/** An App with the given settings and no others. */
function demoApp(place: DemoPlace, output: Output, settings: Record<string, string>): App {
  return openApp({
    env: {
      LOBBIE_REQUESTS_PER_SECOND: '500',
      LOBBIE_CONCURRENCY: '16',
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'pretty',
      ...settings,
    },
    // The demo's own folder, which has no .env.
    cwd: place.folder,
    terminal: true,
    logStream: output.logStream,
  });
}

/** An empty database `demo`, so that every demo begins alike. */
async function freshDatabase(serverUrl: string, place: DemoPlace, output: Output): Promise<string> {
  const server = demoApp(place, output, { DATABASE_URL: serverUrl });
  try {
    const pool = await server.pool();
    await pool.query('DROP DATABASE IF EXISTS demo WITH (FORCE)');
    await pool.query('CREATE DATABASE demo');
  } finally {
    await server.close();
  }
  const url = new URL(serverUrl);
  url.pathname = '/demo';
  return url.href;
}

async function tableCounts(app: App): Promise<{ name: string; rows: number }[]> {
  const pool = await app.pool();
  const names = resourceCatalogue().map((each) => each.name);
  const text = names
    .map((name) => `SELECT '${name}' AS name, count(*)::integer AS rows FROM lobbie.${name}`)
    .join(' UNION ALL ');
  const { rows } = await pool.query<{ name: string; rows: number }>(text);
  return rows.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

async function ask(app: App): Promise<Answer[]> {
  const pool = await app.pool();
  const answers: Answer[] = [];
  for (const { title, sql } of QUESTIONS) {
    const { rows } = await pool.query<Record<string, unknown>>(sql);
    if (rows.length === 0) {
      throw new LobbieSyncError(`the demo found no answer to "${title}"`, { code: 'demo.empty', action: 'abort' });
    }
    answers.push({ title, sql, rows });
  }
  return answers;
}
