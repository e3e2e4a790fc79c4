import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseFaults } from './faults.ts';
import { startSimulator } from './index.ts';
import { parseAppointmentBody, type SimulatorOptions } from './options.ts';

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new Error(`--${name} must be a number`);
  return value;
}

/** Reads the options from command line arguments. @throws Error on unknown options or values that are none. */
export function readArguments(args: string[]): SimulatorOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      host: text,
      seed: text,
      patients: text,
      accounts: text,
      locations: text,
      'rate-limit': text,
      latency: text,
      'token-ttl': text,
      faults: text,
      'appointment-body': text,
      now: text,
    },
  });
  const options: SimulatorOptions = {};
  if (values.port !== undefined) options.port = number('port', values.port);
  if (values.host !== undefined) options.host = values.host;
  if (values.seed !== undefined) options.seed = number('seed', values.seed);
  if (values.patients !== undefined) options.patients = number('patients', values.patients);
  if (values.accounts !== undefined) options.accounts = values.accounts.split(',').map((id) => number('accounts', id));
  if (values.locations !== undefined) options.locationsPerAccount = number('locations', values.locations);
  if (values['rate-limit'] !== undefined) options.rateLimit = number('rate-limit', values['rate-limit']);
  if (values.latency !== undefined) options.latencyMs = number('latency', values.latency);
  if (values['token-ttl'] !== undefined) options.tokenTtlSeconds = number('token-ttl', values['token-ttl']);
  if (values.faults !== undefined) options.faults = parseFaults(JSON.parse(readFileSync(values.faults, 'utf8')));
  if (values['appointment-body'] !== undefined)
    options.appointmentBody = parseAppointmentBody(values['appointment-body']);
  if (values.now !== undefined) options.now = values.now;
  return options;
}

async function main(): Promise<void> {
  const simulator = await startSimulator(readArguments(process.argv.slice(2)));
  const { url, tokenUrl, adminUrl } = simulator;
  process.stdout.write(`${JSON.stringify({ url, tokenUrl, adminUrl, pid: process.pid })}\n`);
  const stop = (): void => {
    simulator.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  });
}
