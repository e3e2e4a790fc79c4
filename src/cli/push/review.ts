import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Decision, OutboxEntry, OutboxSummary, OutboxValues } from '../../app/types.ts';
import { EXIT } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { OUTBOX_STATUSES, type OutboxStatus } from '../../core/writable.ts';
import { UsageError } from '../errors.ts';
import { age, count, pairs, plural, table } from '../format.ts';
import { names, type SelectionOptions, whole } from '../options.ts';
import { pausedText } from '../outbox-text.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';
import { addRows, namedRows, rowId, rowsOf } from './options.ts';

/** What a person does not want to see without asking for it. */
const DONE: readonly OutboxStatus[] = ['succeeded', 'cancelled'];

const NEEDS = {
  decision: 'decide: push resolve ID --ours or --theirs',
  search: 'say which: push resolve ID --adopt RECORD or --again',
  approval: 'approve: push approve ID',
} as const;

interface StatusOptions extends SelectionOptions {
  readonly status?: readonly string[];
  readonly limit: number;
}

export function defineStatus(command: Command, shell: Shell): void {
  addRows(command)
    .description('how the outbox stands, and the rows that are not done')
    .option('--status <status>', `only these (repeatable): ${OUTBOX_STATUSES.join(', ')}`, names)
    .option('--limit <n>', 'how many rows', whole(1), 50)
    .action(
      shell.action<StatusOptions>(async ({ args, options, output, withApp }) => {
        const unknown = (options.status ?? []).filter((name) => !(OUTBOX_STATUSES as readonly string[]).includes(name));
        if (unknown.length > 0) throw new UsageError(`there is no status ${unknown.join(', ')}`);
        const choice = rowsOf(args, options);
        const statuses =
          (options.status as OutboxStatus[] | undefined) ??
          OUTBOX_STATUSES.filter((each) => args.length > 0 || !DONE.includes(each));
        return await withApp(async (app) => {
          const summary = await app.push.summary(choice);
          const rows = await app.push.list({ ...choice, statuses, limit: options.limit });
          output.data({ ...summary, rows });
          printSummary(output, summary);
          printRows(output, rows);
          if (rows.length === options.limit) output.note(`only ${options.limit} are shown; --limit shows more`);
          return EXIT.done;
        });
      }),
    );
}

export function defineConflicts(command: Command, shell: Shell): void {
  addRows(command)
    .description('rows that a person has to decide about: changed on both sides, or in doubt')
    .option('--show-values', 'print the values: protected health information; the audit log keeps that it was shown')
    .option('--limit <n>', 'how many', whole(1), 50)
    .action(
      shell.action<SelectionOptions & { readonly showValues?: boolean; readonly limit: number }>(
        async ({ args, options, output, withApp }) => {
          const choice = rowsOf(args, options);
          return await withApp(async (app) => {
            const statuses: readonly OutboxStatus[] = ['conflict', 'in_doubt'];
            const rows = await app.push.list({ ...choice, statuses, waiting: true, limit: options.limit });
            const values = options.showValues === true ? await app.push.values(rows.map((row) => row.id)) : [];
            const shown = new Map(values.map((each) => [each.id, each]));
            output.data({
              rows: rows.map((row) => ({ ...row, ...valuesOf(row, shown.get(row.id)) })),
            });
            if (rows.length === 0) output.line('no conflicts');
            else printRows(output, rows);
            for (const row of rows) printValues(output, row, shown.get(row.id));
            if (rows.length > 0 && values.length === 0) {
              output.note('--show-values prints the values (protected health information)');
            }
            return EXIT.done;
          });
        },
      ),
    );
}

interface ResolveOptions {
  readonly ours?: boolean;
  readonly theirs?: boolean;
  readonly field?: Readonly<Record<string, 'ours' | 'theirs'>>;
  readonly adopt?: string;
  readonly again?: boolean;
}

export function defineResolve(command: Command, shell: Shell): void {
  command
    .description('decide about a conflict or a doubt; the next delivery acts on it')
    .argument('<ids...>', 'the rows', rowId)
    .addOption(new Option('--ours', 'the wanted values count').conflicts(['theirs', 'adopt', 'again']))
    .addOption(new Option('--theirs', "Lobbie's values stay").conflicts(['adopt', 'again']))
    .option('--field <name=side>', 'one field: email=ours or email=theirs (repeatable)', side)
    .addOption(new Option('--adopt <id>', 'in doubt: it became this record').argParser(recordId).conflicts(['again']))
    .option('--again', 'in doubt: nothing was done, send it again')
    .action(
      shell.action<ResolveOptions>(async ({ args, options, output, withApp }) => {
        const decision = decisionOf(args, options);
        return await withApp(async (app) => {
          const resolved: { id: string; status: OutboxStatus }[] = [];
          for (const id of args) resolved.push({ id, ...(await app.push.resolve(id, decision)) });
          output.data({ resolved });
          for (const { id, status } of resolved) output.line(`row ${id} is ${status} now`);
          return EXIT.done;
        });
      }),
    );
}

function decisionOf(args: readonly string[], { ours, theirs, field = {}, adopt, again }: ResolveOptions): Decision {
  if (adopt !== undefined) {
    if (args.length > 1) throw new UsageError('--adopt takes one row');
    return { kind: 'adopt', resultId: adopt };
  }
  if (again === true) return { kind: 'again' };
  const rest = ours === true ? 'ours' : theirs === true ? 'theirs' : undefined;
  if (rest === undefined && Object.keys(field).length === 0) {
    throw new UsageError('say --ours, --theirs, --field NAME=ours|theirs, --adopt ID or --again');
  }
  return { kind: 'conflict', fields: field, ...(rest === undefined ? {} : { rest }) };
}

type AllOptions = SelectionOptions & { readonly all?: boolean };

/**
 * retry, cancel and approve: rows that are chosen, and what is done to them. Only retry takes no choice: it means those that
 * failed or wait.
 */
export function defineChange(
  command: Command,
  shell: Shell,
  name: 'retry' | 'cancel' | 'approve',
  description: string,
  done: string,
): void {
  addRows(command)
    .description(description)
    .option('--all', 'all of them')
    .action(
      shell.action<AllOptions>(async ({ args, options, output, withApp }) => {
        const rows = namedRows(args, options);
        if (rows === undefined && name !== 'retry') {
          const hint = 'See `lobbie-sync push status`.';
          throw new UsageError('say which rows: ids, --account, --location, --resource, or --all', hint);
        }
        return await withApp(async (app) => {
          const changed = await (rows === undefined ? app.push.retry(undefined) : app.push[name](rows));
          const left = (rows?.ids ?? []).filter((id) => !changed.includes(id));
          output.data({ ids: changed, left });
          output.line(`${plural(changed.length, 'row is', 'rows are')} ${done}`);
          if (left.length > 0)
            output.note(`left as they are: ${left.join(', ')} (lobbie-sync push status ${left.join(' ')})`);
          return EXIT.done;
        });
      }),
    );
}

export function definePause(command: Command, shell: Shell): void {
  command
    .description('deliver nothing more, in no process, until push resume')
    .option('--reason <text>', 'why; shown by push status')
    .action(
      shell.action<{ readonly reason?: string }>(({ options, output, withApp }) =>
        withApp(async (app) => {
          const paused = await app.push.pause(options.reason ?? null);
          output.data({ paused });
          output.line('deliveries are paused; push resume lets them go on');
          return EXIT.done;
        }),
      ),
    );
}

export function defineResume(command: Command, shell: Shell): void {
  command.description('let deliveries go on').action(
    shell.action<object>(({ output, withApp }) =>
      withApp(async (app) => {
        const paused = await app.push.resume();
        output.data({ paused });
        output.line('deliveries go on');
        return EXIT.done;
      }),
    ),
  );
}

function printSummary(output: Output, { paused, counts, needsPerson, oldestWaiting }: OutboxSummary): void {
  const pause = pausedText(paused);
  if (pause !== undefined) output.line(output.paint('yellow', pause));
  const waits =
    needsPerson === 0 ? 'nothing waits for a person' : `${plural(needsPerson, 'row waits', 'rows wait')} for a person`;
  const oldest = oldestWaiting === null ? '' : `; the oldest open row is ${age(oldestWaiting, new Date())} old`;
  output.line(`${waits}${oldest}`);
  output.line(pairs(OUTBOX_STATUSES.map((status) => [status, count(counts[status])])));
}

function printRows(output: Output, rows: readonly OutboxEntry[]): void {
  if (rows.length === 0) return;
  const cells = rows.map((row) => [
    row.id,
    row.accountId,
    `${row.operation} ${row.resource} ${row.targetId ?? row.resultId ?? '(new)'}`,
    row.status,
    row.fields.join(', '),
    String(row.attempts),
    [row.error, row.needs === null ? null : NEEDS[row.needs].replace('ID', row.id)]
      .filter((text) => text !== null)
      .join(' → '),
  ]);
  const paintHead = (text: string) => output.paint('dim', text);
  const head = ['row', 'account', 'change', 'status', 'fields', 'sent', 'why'];
  output.line();
  output.line(table(cells, { head, right: [0, 5], paintHead }));
}

/** The values in question; nothing when they were not requested. */
function valuesOf(row: OutboxEntry, values: OutboxValues | undefined) {
  if (values === undefined) return {};
  const names = row.conflictFields.length > 0 ? row.conflictFields : Object.keys(values.changes);
  return {
    values: names.map((field) => ({
      field,
      stored: values.base[field] ?? null,
      wanted: values.changes[field] ?? null,
      now: values.remote[field] ?? null,
    })),
  };
}

function printValues(output: Output, row: OutboxEntry, values: OutboxValues | undefined): void {
  for (const { field, stored, wanted, now } of valuesOf(row, values).values ?? []) {
    const [was, want, is] = [stored, wanted, now].map((value) => JSON.stringify(value));
    output.line(`row ${row.id} ${field}: was ${was}, wanted ${want}, Lobbie has ${is}`);
  }
}

function side(value: string, previous: Readonly<Record<string, 'ours' | 'theirs'>> = {}) {
  const [, field, word] = /^([A-Za-z]\w*)=(ours|theirs)$/.exec(value) ?? [];
  if (field === undefined || word === undefined) throw new InvalidArgumentError('It must be NAME=ours or NAME=theirs.');
  return { ...previous, [field]: word as 'ours' | 'theirs' };
}

function recordId(value: string): string {
  if (!isId(value)) throw new InvalidArgumentError('It must be the id of a record in Lobbie.');
  return value;
}
