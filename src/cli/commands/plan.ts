import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { addSelection, readSelection, type SelectionOptions, whole } from '../options.ts';
import { printPlan } from '../plan-text.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  addSelection(command)
    .option('--max-requests <n>', 'the budget to plan with (default: LOBBIE_NIGHTLY_MAX_REQUESTS, else none)', whole(1))
    .action(
      shell.action<SelectionOptions & { readonly maxRequests?: number }>(async ({ options, output, withApp }) => {
        const { resourceCatalogue } = await import('../../app/catalogue.ts');
        const selection = readSelection(
          options,
          resourceCatalogue().map((each) => each.name),
        );
        return await withApp(async (app) => {
          const budget = options.maxRequests ?? app.config.sync.nightlyMaxRequests ?? null;
          const plan = await app.plan(selection, budget);
          output.data(plan);
          printPlan(output, plan, app.config.lobbie().requestsPerSecond);
          return EXIT.done;
        });
      }),
    );
}
