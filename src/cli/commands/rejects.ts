import { type Command, InvalidArgumentError } from 'commander';
import type { RejectFilter, RejectSummary, StoredReject } from '../../app/types.ts';
import { EXIT } from '../../core/errors.ts';
import { UsageError } from '../errors.ts';
import { instant, pairs, plural, table } from '../format.ts';
import { checkResources, ids, names, whole } from '../options.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';

interface ListOptions {
  readonly run?: number;
  readonly resource?: readonly string[];
  readonly account?: readonly string[];
  readonly limit: number;
  readonly all?: boolean;
}

export function define(command: Command, shell: Shell): void {
  defineList(command.command('list', { isDefault: true }), shell);
  defineShow(command.command('show'), shell);
  defineReplay(command.command('replay'), shell);
}

function defineList(command: Command, shell: Shell): void {
  command
    .description('rejected records that wait, newest first; never their values')
    .option('--run <id>', 'only those of this run', whole(1))
    .option('--account <id>', 'only this account (repeatable)', ids)
    .option('--resource <name>', 'only this resource (repeatable)', names)
    .option('--limit <n>', 'how many', whole(1), 50)
    .option('--all', 'also those that were loaded since')
    .action(
      shell.action<ListOptions>(async ({ options, output, withApp }) => {
        const { limit, all } = options;
        const filter: RejectFilter = {
          limit,
          ...(options.run === undefined ? {} : { runId: String(options.run) }),
          ...(options.resource === undefined ? {} : { resources: await knownResources(options.resource) }),
          ...(options.account === undefined ? {} : { accounts: options.account }),
          ...(all === true ? { replayed: true } : {}),
        };
        return await withApp(async (app) => {
          const rejects = await app.rejects.list(filter);
          output.data({ rejects: rejects.map(rejectLine) });
          if (rejects.length === 0) output.line('no rejected records');
          else output.line(rejectsTable(output, rejects));
          if (rejects.length === limit) output.note(`only ${limit} are shown; --limit shows more`);
          return EXIT.done;
        });
      }),
    );
}

function defineShow(command: Command, shell: Shell): void {
  command
    .description("one rejected record: why, and its fields' names")
    .argument('<id>', 'the id of the reject', id)
    .option(
      '--show-values',
      'print the record itself: protected health information; the audit log keeps that it was shown',
    )
    .action(
      shell.action<{ readonly showValues?: boolean }>(({ args, options, output, withApp }) =>
        withApp(async (app) => {
          const reject = await app.rejects.get(args[0] ?? '', options.showValues === true);
          if (reject === undefined)
            throw new UsageError(`there is no reject ${args[0]}`, 'See `lobbie-sync rejects list --all`.');
          const document = rejectDocument(reject, options.showValues === true);
          output.data(document);
          output.line(
            pairs(
              Object.entries(document)
                .filter(([name]) => name !== 'record')
                .map(([name, value]) => [name, shown(value)]),
            ),
          );
          if (document.record !== undefined) output.line(JSON.stringify(document.record, null, 2));
          else output.note('--show-values prints the record (protected health information)');
          return EXIT.done;
        }),
      ),
    );
}

function defineReplay(command: Command, shell: Shell): void {
  command
    .description('load rejected records again, for instance after an upgrade that can read them')
    .argument('[ids...]', 'only these; default: all that wait', id)
    .option('--resource <name>', 'only this resource (repeatable)', names)
    .action(
      shell.action<{ readonly resource?: readonly string[] }>(async ({ args, options, output, withApp }) => {
        if (args.length > 0 && options.resource !== undefined) throw new UsageError('give ids or --resource, not both');
        const chosen = args.length > 0 ? { ids: args } : {};
        const resources = options.resource === undefined ? {} : { resources: await knownResources(options.resource) };
        return await withApp(async (app) => {
          const { replayed, failed } = await app.rejects.replay({ ...chosen, ...resources });
          output.data({ replayed, failed });
          output.line(`${plural(replayed.length, 'record')} loaded, ${plural(failed.length, 'record')} still rejected`);
          if (failed.length > 0)
            output.line(
              table(
                failed.map((each) => [each.id, each.reason]),
                { head: ['reject', 'reason'] },
              ),
            );
          return failed.length === 0 ? EXIT.done : EXIT.partial;
        });
      }),
    );
}

function id(value: string): string {
  if (!/^[1-9]\d{0,17}$/.test(value)) throw new InvalidArgumentError('It must be an id (a number).');
  return value;
}

async function knownResources(wanted: readonly string[]): Promise<readonly string[]> {
  const { resourceCatalogue } = await import('../../app/catalogue.ts');
  return checkResources(
    wanted,
    resourceCatalogue().map((each) => each.name),
  );
}

function rejectLine(reject: RejectSummary) {
  return {
    id: reject.id,
    runId: reject.run_id,
    accountId: reject.account_id,
    resource: reject.resource,
    recordKey: reject.record_key,
    reason: reject.reason,
    rejectedAt: reject.rejected_at,
    replayedAt: reject.replayed_at,
  };
}

function rejectDocument(reject: StoredReject, values: boolean) {
  // A name that is no field's name may be anything, also a value.
  const fields = Object.keys(reject.record).map((name) =>
    /^[A-Za-z_][\w.-]{0,63}$/.test(name) ? name : '(unprintable)',
  );
  return { ...rejectLine(reject), context: reject.context, fields, ...(values ? { record: reject.record } : {}) };
}

function shown(value: unknown): string {
  if (value === null) return '-';
  if (value instanceof Date) return instant(value);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function rejectsTable(output: Output, rejects: readonly RejectSummary[]): string {
  const rows = rejects.map((each) => [
    each.id,
    each.run_id,
    each.account_id ?? '(token)',
    each.resource,
    each.record_key ?? '-',
    instant(each.rejected_at),
    each.reason,
  ]);
  return table(rows, {
    head: ['reject', 'run', 'account', 'resource', 'key', 'when', 'reason'],
    right: [0, 1],
    paintHead: (text) => output.paint('dim', text),
  });
}
