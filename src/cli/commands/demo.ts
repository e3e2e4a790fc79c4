import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { UsageError } from '../errors.ts';
import { whole } from '../options.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  command
    .option('--keep', 'leave the database and the simulator running, and print how to reach them')
    .option('--stop', 'only stop what an earlier demo --keep left running')
    .option('--patients <n>', 'invented patients per account; all other counts follow', whole(20), 150)
    .action(
      shell.action<{ readonly keep?: boolean; readonly stop?: boolean; readonly patients: number }>(
        async ({ options, output, io }) => {
          if (options.keep === true && options.stop === true) throw new UsageError('choose --keep or --stop');
          const { DemoPlace } = await import('../demo/place.ts');
          const place = new DemoPlace(io.cwd);
          if (options.stop === true) {
            const stopped = [
              ...((await place.stopLeftSimulator()) ? ['simulator'] : []),
              ...((await place.stopLeftPostgres()) ? ['postgres'] : []),
            ];
            output.data({ stopped });
            output.line(stopped.length === 0 ? 'nothing was running' : `stopped: ${stopped.join(', ')}`);
            return EXIT.done;
          }
          const { runDemo } = await import('../demo/run.ts');
          return await runDemo({ place, output, keep: options.keep === true, patients: options.patients });
        },
      ),
    );
}
