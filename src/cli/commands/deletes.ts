import { type Command, InvalidArgumentError, Option } from 'commander';
import type { App, DeleteChoice, DeleteFilter, DeleteStatus } from '../../app/types.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { closedLines } from '../closed-text.ts';
import { choicesOf, deleteCells, deletesSentence } from '../deletes-text.ts';
import { UsageError } from '../errors.ts';
import { plural, table } from '../format.ts';
import { addSelection, checkResources, ids, names, readSelection, type SelectionOptions, whole } from '../options.ts';
import type { Shell } from '../shell.ts';
import { stoppable } from '../signals.ts';

const STATUSES: readonly DeleteStatus[] = ['held', 'candidate', 'applied', 'dismissed', 'restored'];

interface ChoiceOptions {
  readonly account?: readonly string[];
  readonly resource?: readonly string[];
  readonly all?: boolean;
}

export function define(command: Command, shell: Shell): void {
  defineList(command.command('list', { isDefault: true }), shell);
  defineApprove(command.command('approve'), shell);
  defineRestore(command.command('restore'), shell);
}

function defineList(command: Command, shell: Shell): void {
  addSelection(command)
    .description('rows that a whole reading no longer met, by account, location and resource; ids with --json')
    .addOption(new Option('--status <status>', 'which').choices(STATUSES).default('held'))
    .option('--limit <n>', 'how many ids --json names', whole(1), 1000)
    .action(
      shell.action<SelectionOptions & { readonly status: DeleteStatus; readonly limit: number }>(
        async ({ options, output, withApp }) => {
          const filter: DeleteFilter = { status: options.status, ...readSelection(options, await resourceNames()) };
          return await withApp(async (app) => {
            const groups = await app.deletes.groups(filter);
            const closed = await app.deletes.closed(filter);
            const total = groups.reduce((sum, group) => sum + group.deletes, 0);
            if (output.json) {
              const deletes = await app.deletes.list(filter, options.limit);
              output.data({ status: options.status, total, groups, deletes, closed });
            }
            output.line(deletesSentence(options.status, total));
            if (groups.length > 0) {
              output.line(
                table(deleteCells(groups), {
                  head: ['account', 'location', 'resource', 'deletes', 'of rows', 'since'],
                  right: [3, 4],
                  paintHead: (text) => output.paint('dim', text),
                }),
              );
            }
            if (closed.length > 0) {
              output.line(`${plural(closed.length, 'location is', 'locations are')} closed:`);
              for (const line of closedLines(closed)) output.line(line);
            }
            if (options.status === 'held' && total > 0) {
              output.note('deletes approve applies them after asking Lobbie once more; deletes restore refuses them');
            }
            return EXIT.done;
          });
        },
      ),
    );
}

/** Ids, or accounts and resources, or all. */
function addChoice(command: Command): Command {
  return command
    .argument('[ids...]', 'only these, as `deletes list --json` names them', id)
    .option('--account <id>', 'only this account (repeatable)', ids)
    .option('--resource <name>', 'only this resource (repeatable)', names)
    .option('--all', 'all of them');
}

function defineApprove(command: Command, shell: Shell): void {
  addChoice(command)
    .description('apply held deletes; each is read by id once more, and dismissed when Lobbie still has it')
    .action(
      shell.action<ChoiceOptions>(async ({ args, options, output, withApp }) => {
        const choices = await readChoices(args, options);
        return await withApp(async (app) => {
          // The rows of a location that a person kept may be marked later.
          const kept = (await app.deletes.closed()).filter(({ decision }) => decision === 'kept');
          await checkIds(
            app,
            args.filter((each) => !kept.some(({ deleteId }) => deleteId === each)),
            ['held'],
          );
          const sum = { runIds: [] as string[], applied: 0, kept: 0, open: 0 };
          let exitCode: ExitCode = EXIT.done;
          await stoppable(output, async (stop) => {
            for (const choice of choices) {
              if (stop.requested) break;
              const report = await app.deletes.approve(choice, stop);
              sum.runIds.push(report.runId);
              sum.applied += report.applied;
              sum.kept += report.kept;
              sum.open += report.open;
              if (exitCode === EXIT.done) exitCode = report.exitCode as ExitCode;
            }
          });
          // What could not be read by id still waits.
          if (exitCode === EXIT.done && sum.open > 0) exitCode = EXIT.needsPerson;
          output.data({ ...sum, exitCode });
          const still = sum.open === 0 ? '' : `, ${sum.open} could not be read by id now and still wait`;
          output.line(
            `${plural(sum.applied, 'delete')} applied, ${sum.kept} kept because Lobbie still has them${still}`,
          );
          return exitCode;
        });
      }),
    );
}

function defineRestore(command: Command, shell: Shell): void {
  addChoice(command)
    .description('take applied deletes back, with what went with them, and refuse held ones; asks Lobbie nothing')
    .action(
      shell.action<ChoiceOptions>(async ({ args, options, output, withApp }) => {
        const choices = await readChoices(args, options);
        return await withApp(async (app) => {
          await checkIds(app, args, ['held', 'applied']);
          let restored = 0;
          for (const choice of choices) restored += (await app.deletes.restore(choice)).restored;
          output.data({ restored });
          output.line(`${plural(restored, 'row is', 'rows are')} back; held deletes of this choice are refused`);
          return EXIT.done;
        });
      }),
    );
}

async function readChoices(args: readonly string[], options: ChoiceOptions): Promise<readonly DeleteChoice[]> {
  if (options.resource !== undefined) checkResources(options.resource, await resourceNames());
  return choicesOf(args, options);
}

/** Refuses ids that are not in a state to be decided about. */
async function checkIds(app: App, wanted: readonly string[], statuses: readonly DeleteStatus[]): Promise<void> {
  if (wanted.length === 0) return;
  const found = new Set<string>();
  for (const status of statuses) {
    for (const entry of await app.deletes.list({ status, ids: wanted }, wanted.length)) found.add(entry.id);
  }
  const unknown = wanted.filter((each) => !found.has(each));
  if (unknown.length === 0) return;
  throw new UsageError(
    `${statuses.join(' or ')} deletes don't include ${unknown.join(', ')}`,
    'See `lobbie-sync deletes list --json` for their ids.',
  );
}

async function resourceNames(): Promise<readonly string[]> {
  const { resourceCatalogue } = await import('../../app/catalogue.ts');
  return resourceCatalogue().map((each) => each.name);
}

function id(value: string, previous: readonly string[] = []): string[] {
  if (!/^[1-9]\d{0,17}$/.test(value)) throw new InvalidArgumentError('It must be an id (a number).');
  return [...previous, value];
}
