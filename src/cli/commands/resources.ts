import { type Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { pairs, plural, table } from '../format.ts';
import { checkResources, id } from '../options.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';

interface SwitchChoice {
  readonly account?: string;
}

export function define(command: Command, shell: Shell): void {
  defineList(command.command('list', { isDefault: true }), shell);
  defineOff(command.command('off'), shell);
  defineOn(command.command('on'), shell);
}

function defineList(command: Command, shell: Shell): void {
  command.description('what can be synced').action(
    shell.action(async ({ output }) => {
      const { COST_LEGEND, resourceCatalogue } = await import('../../app/catalogue.ts');
      const resources = resourceCatalogue();
      output.data({ resources, costLegend: COST_LEGEND });
      const rows = resources.map((each) => [each.name, each.scope, each.cost, each.getOperation ?? '-', each.strategy]);
      output.line(
        table(rows, {
          head: ['resource', 'scope', 'requests', 'by id', 'strategy'],
          indent: '',
          paintHead: (text) => output.paint('dim', text),
        }),
      );
      output.line();
      output.line(
        'Each is a table of the same name in the schema lobbie. Requests are those of a full read of one account:',
      );
      output.line(pairs(Object.entries(COST_LEGEND)));
      return EXIT.done;
    }),
  );
}

function defineOff(command: Command, shell: Shell): void {
  addChoice(command)
    .description('leave a list out that an account does not have, with all that hangs below it; its rows stay')
    .requiredOption('--reason <text>', 'why, for whoever reads the status', text)
    .action(
      shell.action<SwitchChoice & { readonly reason: string }>(async ({ args, options, output, withApp }) => {
        const resource = await knownResource(args);
        return await withApp(async (app) => {
          const { reason } = options;
          const names = await app.resources.switchOff({ resource, accountId: options.account, reason });
          output.data({ off: names, accountId: options.account ?? null, reason });
          output.line(`Off: ${names.join(', ')}. They are not read, and count neither as failed nor as stale.`);
          return EXIT.done;
        });
      }),
    );
}

function defineOn(command: Command, shell: Shell): void {
  addChoice(command)
    .description('read a list again, with what was switched off below it')
    .action(
      shell.action<SwitchChoice>(async ({ args, options, output, withApp }) => {
        const resource = await knownResource(args);
        return await withApp(async (app) => {
          const lists = await app.resources.switchOn({ resource, accountId: options.account });
          output.data({ on: resource, accountId: options.account ?? null, lists });
          sayOn(output, resource, lists);
          return EXIT.done;
        });
      }),
    );
}

function sayOn(output: Output, resource: string, lists: number): void {
  if (lists === 0) output.line(`${resource} was not off.`);
  else output.line(`On again: ${plural(lists, 'list', 'lists')}. The next run reads them whole.`);
}

function addChoice(command: Command): Command {
  return command
    .argument('<name>', 'the list, as `lobbie-sync resources` names it')
    .option('--account <id>', 'only for this account; otherwise for all', id);
}

async function knownResource(args: readonly string[]): Promise<string> {
  const { resourceCatalogue } = await import('../../app/catalogue.ts');
  const known = resourceCatalogue().map(({ name }) => name);
  const [name] = checkResources(args, known);
  return name as string;
}

/** Reads a sentence for people: it may not be empty. */
function text(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must say why.');
  return value.trim();
}
