import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { plural } from '../format.ts';
import { whole } from '../options.ts';
import type { Shell } from '../shell.ts';
import { judge, statusDocument } from '../status-document.ts';
import { printStatus } from '../status-text.ts';

export function define(command: Command, shell: Shell): void {
  command.option('--limit <n>', 'how many of the last runs to show', whole(1), 5).action(
    shell.action<{ readonly limit: number }>(({ options, output, withApp }) =>
      withApp(async (app) => {
        const status = await app.status(options.limit);
        if (!('runs' in status)) {
          const { pendingMigrations } = status;
          const sentence = `Not well: the database lacks ${plural(pendingMigrations.length, 'migration')}; run npx lobbie-sync migrate.`;
          output.data({ ok: false, sentence, pendingMigrations });
          output.line(output.paint('red', sentence));
          return EXIT.done;
        }
        const verdict = judge(status);
        const { resourceCatalogue } = await import('../../app/catalogue.ts');
        const document = statusDocument(status, verdict, resourceCatalogue());
        output.data(document);
        printStatus(output, document);
        return verdict.exitCode;
      }),
    ),
  );
}
