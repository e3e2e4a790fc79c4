import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { pairs } from '../format.ts';
import { ids, whole } from '../options.ts';
import type { Shell } from '../shell.ts';
import { simulatorSettings, startSimulatorProcess } from '../simulator-process.ts';

interface SimulateOptions {
  readonly account?: readonly string[];
  readonly [flag: string]: unknown;
}

/** Option of ours → flag of the simulator. */
const FLAGS: Readonly<Record<string, string>> = {
  port: 'port',
  seed: 'seed',
  patients: 'patients',
  locations: 'locations',
  rateLimit: 'rate-limit',
  faults: 'faults',
  latency: 'latency',
  tokenTtl: 'token-ttl',
  appointmentBody: 'appointment-body',
};

export function define(command: Command, shell: Shell): void {
  command
    .option('--port <p>', 'port to listen on; 0 takes any free one', whole(0), 8790)
    .option('--seed <n>', 'the same seed gives the same data', whole(0))
    .option('--patients <n>', 'patients per account; all other counts follow', whole(0))
    .option('--accounts <ids>', 'account ids, comma-separated', ids)
    .option('--locations <n>', 'locations per account', whole(1))
    .option('--rate-limit <n>', 'requests per second before it answers 429', whole(1))
    .option('--latency <ms>', 'milliseconds added to every answer', whole(0))
    .option('--token-ttl <s>', 'life of a token in seconds', whole(1))
    .option('--faults <file>', 'JSON file with rules of what goes wrong')
    .addOption(
      new Option('--appointment-body <form>', 'the body that createAppointment takes').choices([
        'listing',
        'self-scheduling',
      ]),
    )
    .action(
      shell.action<SimulateOptions>(async ({ options, output }) => {
        const accounts = (options['accounts'] as readonly string[] | undefined) ?? ['1001', '1002'];
        const args = Object.entries(FLAGS).flatMap(([name, flag]) =>
          options[name] === undefined ? [] : [`--${flag}`, String(options[name])],
        );
        const simulator = await startSimulatorProcess([...args, '--accounts', accounts.join(',')], {
          detached: false,
          errors: 'inherit',
        });
        // Ctrl+C reaches both; SIGTERM only this process.
        const end = (): void => {
          simulator.child.kill('SIGTERM');
        };
        process.on('SIGTERM', end);
        process.on('SIGINT', end);
        const settings = simulatorSettings(simulator, accounts);
        const { url, tokenUrl, adminUrl, pid } = simulator;
        output.data({ url, tokenUrl, adminUrl, pid, settings });
        output.line(`${output.paint('green', 'The simulator listens.')} Its control API is ${adminUrl}`);
        output.line('Point lobbie-sync at it with these settings (environment or .env):');
        output.line();
        output.line(
          pairs(
            Object.entries(settings).map(([name, value]) => [`${name}=${value}`, ''] as const),
            '',
          ).replaceAll(/ +$/gm, ''),
        );
        output.line();
        output.note('Ctrl+C ends it.');
        if (simulator.child.exitCode === null && simulator.child.signalCode === null)
          await once(simulator.child, 'exit');
        return simulator.child.exitCode === 0 || simulator.child.signalCode !== null ? EXIT.done : EXIT.unexpected;
      }),
    );
}
