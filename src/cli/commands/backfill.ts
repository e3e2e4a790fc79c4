import type { Command } from 'commander';
import { ids } from '../options.ts';
import { defineRunCommand } from '../run-command.ts';
import type { Shell } from '../shell.ts';
import { fromDate, toDate } from '../window.ts';

export function define(command: Command, shell: Shell): void {
  command
    .option('--restart', 'begin at the first page even if an earlier backfill was interrupted')
    .option('--from <date>', 'only what is dated from here on: a day or an ISO 8601 instant, UTC', fromDate)
    .option('--to <date>', 'only what is dated up to here; a day counts to its end', toDate)
    .option('--patient <id>', 'only what belongs to this patient (repeatable)', ids);
  defineRunCommand(command, shell, 'backfill');
}
