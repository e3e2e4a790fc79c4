import type { Command } from 'commander';
import type { RepairReport } from '../../app/types.ts';
import { describeError, EXIT } from '../../core/errors.ts';
import { shownError } from '../errors.ts';
import { count, plural, table } from '../format.ts';
import { addSelection, readSelection, type SelectionOptions, whole } from '../options.ts';
import type { Output } from '../output.ts';
import { createDisplay } from '../progress/display.ts';
import { eventOf } from '../run-command.ts';
import { paintStatus } from '../run-summary.ts';
import type { Shell } from '../shell.ts';
import { stoppable } from '../signals.ts';

export function define(command: Command, shell: Shell): void {
  addSelection(command)
    .option(
      '--sample <n>',
      'rows re-read by id, and parents counted again, for each resource and account',
      whole(0),
      20,
    )
    .option('--repair', 'read again what differs, and verify that once more')
    .action(
      shell.action<SelectionOptions & { readonly sample: number; readonly repair?: boolean }>(
        async ({ options, output, withApp }) => {
          const { resourceCatalogue } = await import('../../app/catalogue.ts');
          const selection = readSelection(
            options,
            resourceCatalogue().map((each) => each.name),
          );
          return await withApp(async (app) => {
            const display = createDisplay(output, new Map());
            const report = await stoppable(output, (stop) =>
              app
                .verify({
                  selection,
                  sample: options.sample,
                  repair: options.repair === true,
                  stop,
                  onProgress: (progress) => display.event(eventOf(progress)),
                })
                .finally(() => display.end()),
            );
            output.data({ ...report, error: report.error === undefined ? null : shownError(report.error) });
            if (!output.quiet || report.exitCode !== EXIT.done) printVerify(output, report);
            return report.exitCode;
          });
        },
      ),
    );
}

function printVerify(output: Output, report: RepairReport): void {
  const { lists, sampled, gaps, error, repairs } = report;
  if (repairs.length > 0) {
    const runs = repairs.map(({ runId, status }) => `${runId} (${status})`).join(', ');
    output.line(`${plural(report.found, 'gap')} found and read again by run ${runs}; verified once more:`);
  }
  const verdict = gaps === 0 ? output.paint('green', 'no gaps') : output.paint('red', plural(gaps, 'gap'));
  const checked = sampled.reduce((sum, each) => sum + each.checked, 0);
  const what = `${plural(lists.length, 'list')} counted, ${plural(checked, 'row')} re-read by id`;
  output.line(`verify ${report.runId} ${paintStatus(output, report.status)}: ${what}, ${verdict}`);
  if (error !== undefined) output.line(`  ${describeError(error)}`);
  const head = (text: string) => output.paint('dim', text);
  const off = lists.filter((list) => list.missing + list.extra + list.changed + list.hidden > 0);
  if (off.length > 0) {
    output.line();
    output.line(
      table(
        off.map((list) => [
          list.accountId,
          list.locationId ?? '-',
          list.resource,
          ...[list.inApi, list.inWarehouse, list.missing, list.extra, list.changed, list.hidden].map(count),
        ]),
        {
          head: ['account', 'location', 'resource', 'in the API', 'here', 'missing', 'left over', 'changed', 'hidden'],
          right: [3, 4, 5, 6, 7, 8],
          paintHead: head,
        },
      ),
    );
    for (const list of off) {
      if (list.missingKeys.length > 0) output.line(`  missing of ${list.resource}: ${list.missingKeys.join(', ')}`);
      if (list.extraKeys.length > 0) output.line(`  left over of ${list.resource}: ${list.extraKeys.join(', ')}`);
    }
  }
  for (const each of report.orphans) {
    output.line(
      `  ${each.resource}.${each.column}: ${plural(each.rows, 'row')} refer to ${each.refersTo} that are not there`,
    );
  }
  const different = sampled.filter((each) => each.different + each.vanished > 0);
  if (different.length > 0) {
    output.line();
    output.line(
      table(
        different.map((each) => [
          each.accountId,
          each.resource,
          count(each.checked),
          count(each.different),
          count(each.vanished),
          each.keys.join(', '),
        ]),
        { head: ['account', 'resource', 're-read', 'different', 'gone', 'ids'], right: [2, 3, 4], paintHead: head },
      ),
    );
  }
  if (gaps > 0 && repairs.length === 0)
    output.line('\nThe same command with --repair reads again what differs: npx lobbie-sync verify --repair');
  if (gaps > 0 && repairs.length > 0)
    output.line('\nWhat is left could not be repaired: lobbie-sync deletes list, rejects list and runs show say why.');
}
