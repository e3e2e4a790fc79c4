import { type Command, InvalidArgumentError } from 'commander';
import type { Selection } from '../../core/selection.ts';
import { WRITABLE_RESOURCES } from '../../core/writable.ts';
import { UsageError } from '../errors.ts';
import { ids, names, type SelectionOptions } from '../options.ts';

/** Adds `[ids...]`, `--account`, `--location` and `--resource`. */
export function addRows(command: Command): Command {
  return command
    .argument('[ids...]', 'only these rows of the outbox', rowId)
    .option('--account <id>', 'only this account (repeatable)', ids)
    .option('--location <id>', 'only this location (repeatable)', ids)
    .option('--resource <name>', 'only patients, or only appointments', names);
}

/** The selection of the options. @throws UsageError for a resource that can't be written */
export function selectionOf(options: SelectionOptions): Selection {
  const unknown = (options.resource ?? []).filter((name) => !(WRITABLE_RESOURCES as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new UsageError(`${unknown.join(', ')} can't be written back`, 'patients and appointments can.');
  return { accounts: options.account ?? [], locations: options.location ?? [], resources: options.resource ?? [] };
}

/** The requested rows; without ids all of the selection. */
export function rowsOf(
  args: readonly string[],
  options: SelectionOptions,
): Selection & { readonly ids?: readonly string[] } {
  return { ...selectionOf(options), ...(args.length > 0 ? { ids: args } : {}) };
}

/** The same for a change, which has to be meant: undefined when no row is named and `--all` is not given either. */
export function namedRows(args: readonly string[], options: SelectionOptions & { readonly all?: boolean }) {
  const rows = rowsOf(args, options);
  const named = Object.values(rows).some((chosen: readonly string[]) => chosen.length > 0);
  return named || options.all === true ? rows : undefined;
}

export function rowId(value: string, previous: readonly string[] = []): string[] {
  if (!/^[1-9]\d{0,17}$/.test(value)) throw new InvalidArgumentError('It must be the id of a row (a number).');
  return [...previous, value];
}
