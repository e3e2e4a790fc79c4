import type { Command } from 'commander';
import { defineRunCommand } from '../run-command.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  defineRunCommand(command, shell, 'sync');
}
