import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { UsageError } from '../errors.ts';
import { whole } from '../options.ts';
import { runDocument } from '../run-document.ts';
import { printRun } from '../run-summary.ts';
import type { Shell } from '../shell.ts';
import { runLine } from '../status-document.ts';
import { runsTable } from '../status-text.ts';

export function define(command: Command, shell: Shell): void {
  command
    .command('list', { isDefault: true })
    .description('the last runs, newest first')
    .option('--limit <n>', 'how many', whole(1), 20)
    .action(
      shell.action<{ readonly limit: number }>(({ options, output, withApp }) =>
        withApp(async (app) => {
          const runs = (await app.latestRuns(options.limit)).map(runLine);
          output.data({ runs });
          output.line(runs.length === 0 ? 'no runs yet' : runsTable(output, runs));
          return EXIT.done;
        }),
      ),
    );
  command
    .command('show')
    .description('one run: its counts by resource, what failed and why')
    .argument('<id>', 'the id of the run', whole(1))
    .action(
      shell.action(({ args, output, withApp }) =>
        withApp(async (app) => {
          const id = args[0] ?? '';
          const details = await app.runDetails(id);
          if (details === undefined) throw new UsageError(`there is no run ${id}`, 'See `lobbie-sync runs list`.');
          const { resourceCatalogue } = await import('../../app/catalogue.ts');
          const document = runDocument(details, resourceCatalogue());
          output.data(document);
          printRun(output, document, { unknown: true });
          return EXIT.done;
        }),
      ),
    );
}
