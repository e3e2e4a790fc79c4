import { type Command, InvalidArgumentError } from 'commander';
import { isId } from '../core/ids.ts';
import type { Selection } from '../core/selection.ts';
import { UsageError } from './errors.ts';

/** The options that choose accounts, places and resources. */
export interface SelectionOptions {
  readonly account?: readonly string[];
  readonly location?: readonly string[];
  readonly resource?: readonly string[];
}

/** Reads ids; several at once may be separated by commas. */
export function ids(value: string, previous: readonly string[] = []): string[] {
  const found = value.split(',').map((part) => part.trim());
  if (!found.every(isId)) throw new InvalidArgumentError('It must be an id (a number).');
  return [...new Set([...previous, ...found])];
}

/** Reads one id. */
export function id(value: string): string {
  if (!isId(value)) throw new InvalidArgumentError('It must be an id (a number).');
  return value;
}

/** Reads names; several at once may be separated by commas. */
export function names(value: string, previous: readonly string[] = []): string[] {
  const found = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (found.length === 0) throw new InvalidArgumentError('It must be a name.');
  return [...new Set([...previous, ...found])];
}

/** Reads a whole number of at least `least`. */
export const whole =
  (least: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least)) throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return number;
  };

/** Adds `--account`, `--location` and `--resource`. */
export function addSelection(command: Command): Command {
  return command
    .option('--account <id>', 'only this account (repeatable)', ids)
    .option('--location <id>', 'only this location (repeatable)', ids)
    .option('--resource <name>', 'only this resource (repeatable); `lobbie-sync resources` names them', names);
}

/** The selection of the options. @throws UsageError for a resource that does not exist */
export function readSelection(options: SelectionOptions, known: readonly string[]): Selection {
  const resources = checkResources(options.resource ?? [], known);
  return { accounts: options.account ?? [], locations: options.location ?? [], resources };
}

/** @throws UsageError that lists the close names */
export function checkResources(wanted: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length === 0) return wanted;
  const close = [...new Set(unknown.flatMap((name) => closest(name, known)))];
  throw new UsageError(
    `there is no resource ${unknown.join(', ')}`,
    close.length > 0 ? `Did you mean ${close.join(', ')}?` : 'See `lobbie-sync resources` for their names.',
  );
}

/** Known names that are alike: a few letters off, or one within the other; best first, five at most. */
export function closest(name: string, known: readonly string[]): string[] {
  const given = name.toLowerCase().replaceAll('-', '_');
  return known
    .map((each) => ({ each, distance: each.includes(given) && given.length > 2 ? 1 : distance(given, each) }))
    .filter(({ each, distance: far }) => far <= Math.max(2, Math.floor(each.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.each.localeCompare(b.each))
    .slice(0, 5)
    .map(({ each }) => each);
}

/** Letters to insert, remove or replace to get from one text to the other. */
export function distance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replace = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replace));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
