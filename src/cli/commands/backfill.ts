import type { Command } from 'commander';
import { defineRunCommand } from '../run-command.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  command.option('--restart', 'begin at the first page even if an earlier backfill was interrupted');
  defineRunCommand(command, shell, 'backfill');
}
