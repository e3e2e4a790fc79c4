import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { defineRunCommand } from '../run-command.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  const refuse = (): never => {
    throw new UsageError(
      'sync does not take --patient',
      'Use `lobbie-sync backfill --patient ID`, which reads now all that belongs to a patient.',
    );
  };
  command.addOption(new Option('--patient <id>').argParser(refuse).hideHelp());
  defineRunCommand(command, shell, 'sync');
}
