import type { Command } from 'commander';
import { defineAdd } from '../push/add.ts';
import { defineApply, definePlan } from '../push/deliver.ts';
import {
  defineChange,
  defineConflicts,
  definePause,
  defineResolve,
  defineResume,
  defineStatus,
} from '../push/review.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  defineAdd(command.command('add'), shell);
  definePlan(command.command('plan'), shell);
  defineApply(command.command('apply'), shell);
  defineStatus(command.command('status', { isDefault: true }), shell);
  defineConflicts(command.command('conflicts'), shell);
  defineResolve(command.command('resolve'), shell);
  const change = (name: 'retry' | 'cancel' | 'approve', description: string, done: string) =>
    defineChange(command.command(name), shell, name, description, done);
  change('approve', 'let deletes go', 'approved');
  change(
    'retry',
    'queue rows again; without ids those that failed or wait, not rejected ones or conflicts',
    'queued again',
  );
  change('cancel', 'take back what is not sent', 'cancelled');
  definePause(command.command('pause'), shell);
  defineResume(command.command('resume'), shell);
}
