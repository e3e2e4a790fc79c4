import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { plural } from '../format.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  command.action(
    shell.action(({ output, withApp }) =>
      withApp(async (app) => {
        const { applied, total } = await app.migrate();
        output.data({ applied, total, upToDate: applied.length === 0 });
        for (const name of applied) output.line(`${output.paint('green', '✓')} ${name}`);
        output.line(
          applied.length === 0
            ? `up to date (${plural(total, 'migration')})`
            : `${plural(applied.length, 'migration')} applied; the database is up to date`,
        );
        return EXIT.done;
      }),
    ),
  );
}
