import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Io } from './io.ts';
import type { Shell as ShellType } from './shell.ts';

/** A command's options and what it does; loaded only when it is called. */
export interface CommandModule {
  define(command: Command, shell: ShellType): void;
}

interface Entry {
  readonly group: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}

const START = 'Start here:';
const DATA = 'Read Lobbie into the warehouse:';
const PUSH = 'Carry changes back to Lobbie:';
const STATE = 'See how it stands:';

/** Every command. `--help` names them without loading one, so that it answers at once. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  demo: {
    group: START,
    summary: 'see it work with nothing configured: own Postgres, invented data, sample answers',
    load: () => import('./commands/demo.ts'),
  },
  doctor: {
    group: START,
    summary: 'check settings, sign-in, grants, lists and database, and say how to fix each',
    load: () => import('./commands/doctor.ts'),
  },
  resources: {
    group: START,
    summary: 'what can be synced: table, scope, strategy, cost in requests',
    load: () => import('./commands/resources.ts'),
  },
  simulate: {
    group: START,
    summary: 'run the Lobbie API as a local server with invented data',
    load: () => import('./commands/simulate.ts'),
  },
  migrate: {
    group: DATA,
    summary: 'bring the database to the current schema',
    load: () => import('./commands/migrate.ts'),
  },
  backfill: {
    group: DATA,
    summary: 'read everything, or a date range, or some patients',
    load: () => import('./commands/backfill.ts'),
  },
  plan: {
    group: DATA,
    summary: 'what a nightly sync would take: requests, minutes, why; sends nothing',
    load: () => import('./commands/plan.ts'),
  },
  sync: { group: DATA, summary: 'what the nightly job runs', load: () => import('./commands/sync.ts') },
  verify: {
    group: DATA,
    summary: 'count again, re-read samples by id, and report every gap',
    load: () => import('./commands/verify.ts'),
  },
  deletes: {
    group: DATA,
    summary: 'rows that are gone from Lobbie: list those that wait for a person, approve, restore',
    load: () => import('./commands/deletes.ts'),
  },
  serve: {
    group: DATA,
    summary: 'the daemon: nightly sync on its schedule, deliveries, status page, health, metrics, alerts',
    load: () => import('./commands/serve.ts'),
  },
  push: {
    group: PUSH,
    summary: 'the outbox: add, plan, apply, status, conflicts, resolve, approve, retry, cancel, pause, resume',
    load: () => import('./commands/push.ts'),
  },
  status: {
    group: STATE,
    summary: 'whether all is well, in one sentence, and then the details',
    load: () => import('./commands/status.ts'),
  },
  runs: { group: STATE, summary: 'list runs, or show one', load: () => import('./commands/runs.ts') },
  rejects: {
    group: STATE,
    summary: 'records that failed their schema: list, show, replay',
    load: () => import('./commands/rejects.ts'),
  },
};

const AFTER = `
Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 sign-in or grant, 4 partial, 5 incomplete, 6 needs a person,
7 verify found a gap. Settings come from the environment or .env (see .env.example).`;

/**
 * The command line.
 *
 * @param argv arguments after the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  const { Shell } = await import('./shell.ts');
  const shell = new Shell(argv, io);
  const wanted = argv.find((argument) => !argument.startsWith('-'));
  const chosen = wanted === 'help' ? argv[argv.indexOf('help') + 1] : wanted;
  const program = new Command('lobbie-sync')
    .description('Mirrors every list of a Lobbie account into Postgres, keeps it fresh, and proves what it knows.')
    .version(version(), '-V, --version', 'print the version')
    .option('--json', 'print one JSON document on standard output, everything else on standard error')
    .option('--quiet', 'no progress and no notes; a run prints only what went wrong')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(shell.commanderOutput())
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', AFTER);
  return await shell.run(async () => {
    for (const [name, entry] of Object.entries(COMMANDS)) {
      const command = program.command(name).summary(entry.summary).description(entry.summary).helpGroup(entry.group);
      if (name === chosen) (await entry.load()).define(command, shell);
    }
    await program.parseAsync([...argv], { from: 'user' });
  });
}

function version(): string {
  const text = readFileSync(
    new URL(import.meta.url.endsWith('.ts') ? '../../package.json' : '../package.json', import.meta.url),
    'utf8',
  );
  return (JSON.parse(text) as { version: string }).version;
}
