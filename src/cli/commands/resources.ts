import type { Command } from 'commander';
import { EXIT } from '../../core/errors.ts';
import { pairs, table } from '../format.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  command.action(
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
