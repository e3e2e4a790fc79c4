import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { AddOptions, AddReport } from '../../app/types.ts';
import { EXIT } from '../../core/errors.ts';
import { WRITABLE_RESOURCES, WRITE_OPERATIONS } from '../../core/writable.ts';
import { UsageError } from '../errors.ts';
import { count, plural } from '../format.ts';
import { id } from '../options.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';

const STDIN = '-';
const FORMATS = ['csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

interface Options extends Pick<AddOptions, 'resource' | 'operation' | 'account' | 'location'> {
  readonly file: string;
  readonly format?: Format;
  readonly check?: boolean;
}

export function defineAdd(command: Command, shell: Shell): void {
  command
    .description('put the lines of a file into the outbox, all or none; reports every fault by line')
    .requiredOption('--file <path>', 'rows.csv or rows.ndjson; - reads standard input')
    .addOption(
      new Option('--format <format>', "what the file is (default: what its name's ending says)").choices(FORMATS),
    )
    .addOption(new Option('--resource <name>', 'for lines that name none').choices(WRITABLE_RESOURCES))
    .addOption(new Option('--operation <word>', 'for lines that name none').choices(WRITE_OPERATIONS))
    .option('--account <id>', 'for lines that name none (default: LOBBIE_ACCOUNT_IDS, where it is a single one)', id)
    .option('--location <id>', 'for lines that name none', id)
    .option('--check', 'only check; nothing is inserted')
    .action(
      shell.action<Options>(async ({ options, output, io, withApp }) => {
        const { file, check, resource, operation, account, location } = options;
        const format = options.format ?? formatOf(file);
        const handle = file === STDIN ? undefined : await opened(resolve(io.cwd, file));
        try {
          const source = chunks(handle);
          const defaults = { resource, operation, account, location };
          const checkOnly = check === true;
          return await withApp(async (app) => {
            const report = await app.push.add({ source, format, checkOnly, ...defaults });
            output.data(report);
            print(output, report, checkOnly);
            return report.faultsTotal > 0 ? EXIT.usage : EXIT.done;
          });
        } finally {
          // An input that stays open would keep the process.
          if (handle === undefined) process.stdin.destroy();
          else await handle.close();
        }
      }),
    );
}

/** @throws UsageError when the name does not show the format */
function formatOf(file: string): Format {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase();
  if (file !== STDIN && ending === 'csv') return 'csv';
  if (file !== STDIN && (ending === 'ndjson' || ending === 'jsonl')) return 'ndjson';
  throw new UsageError(
    file === STDIN
      ? 'standard input has no name that shows its format'
      : 'the name of the file does not show its format',
    'Say --format csv or --format ndjson.',
  );
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw unreadable(error);
  }
}

async function* chunks(handle: FileHandle | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* handle?.createReadStream({ autoClose: false }) ?? process.stdin;
  } catch (error) {
    throw unreadable(error);
  }
}

/** The path may be somebody's name; the code of the system says enough. */
function unreadable(error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError(`the file can not be read${code === undefined ? '' : ` (${code})`}`);
}

function print(
  output: Output,
  { faults, faultsTotal, inserted, lines, firstId, lastId }: AddReport,
  check: boolean,
): void {
  for (const { line, field, problem } of faults) output.line(`line ${line}, ${field}: ${problem}`);
  if (faults.length < faultsTotal) output.line(`… and ${count(faultsTotal - faults.length)} more`);
  const read = plural(lines, 'line');
  if (faultsTotal > 0) output.line(`${plural(faultsTotal, 'fault')} in ${read}; nothing was inserted`);
  else if (check) output.line(`${read} checked: nothing is wrong; nothing was inserted`);
  else if (inserted === 0) output.line('the file has no lines; nothing was inserted');
  else output.line(`${plural(inserted, 'row')} inserted, ids ${firstId} to ${lastId}; next: npx lobbie-sync push plan`);
}
