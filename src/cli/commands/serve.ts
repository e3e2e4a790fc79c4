import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { instant } from '../format.ts';
import type { Shell } from '../shell.ts';
import { onSignals } from '../signals.ts';

export function define(command: Command, shell: Shell): void {
  command.option('--migrate', 'bring the database to the current schema first, as `lobbie-sync migrate` does').action(
    shell.action<{ readonly migrate?: boolean }>(({ options, output, withApp }) =>
      withApp(async (app) => {
        const service = await app.service({ migrate: options.migrate === true });
        const ended = Promise.withResolvers<void>();
        const unwatch = onSignals((signal) => {
          output.say(`${signal}: what is under way ends in an orderly way; once more ends at once\n`);
          service.stop().then(ended.resolve, ended.reject);
        });
        try {
          await service.start();
          const { cron, timezone, alertUrl } = app.config.serve;
          const { url, nextDue } = service;
          if (url !== undefined && nextDue !== undefined) {
            output.data({ url, pid: process.pid, cron, timezone, nextDue, alerts: alertUrl !== undefined });
            output.line(`${output.paint('green', 'Serving')} ${url}; the next sync begins ${instant(nextDue)}`);
          }
          await ended.promise;
          return EXIT.done;
        } finally {
          unwatch();
          await service.stop();
        }
      }),
    ),
  );
}
