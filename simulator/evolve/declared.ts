import type { Catalogue } from '../data/catalogue.ts';
import { ChildTable } from '../data/children.ts';
import { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { hashText, mix, stream } from '../random.ts';
import type { DeclaredRows } from '../rows/declared.ts';
import { note } from '../world.ts';
import type { Evolution } from './evolution.ts';

/** Of a list's rows, how many are looked at in a day for a change. */
const LOOKED_AT = 0.01;

/**
 * Lets the declared lists change. Each draws its own numbers: a new list leaves the data of the others as they are.
 */
export function evolveDeclared(evolution: Evolution): void {
  const { account, from, world } = evolution;
  for (const declared of account.declared) {
    const { resource } = declared.source;
    const chance = stream(mix(mix(mix(world.settings.seed, account.id), hashText(resource)), from));
    const some = (rate: number): number => Math.floor(rate) + (chance() < rate % 1 ? 1 : 0);
    const own: Evolution = { ...evolution, chance, some };
    if (declared.source instanceof Table) evolveTable(own, declared, declared.source);
    else if (declared.source instanceof ChildTable) evolveChildren(own, declared, declared.source);
    else evolveShort(own, declared, declared.source);
  }
}

/** A seeded integer for one decision. */
const roll = ({ chance }: Evolution): number => Math.floor(chance() * 2 ** 31);

/** What the specification changes in a row, with the stamp of the moment; undefined when it stays. */
function changeOf(evolution: Evolution, { table }: DeclaredRows, row: Row): Row | undefined {
  const now = evolution.world.clock.utc(evolution.to - 60);
  const fields = table.spec.evolve?.change?.(row, roll(evolution), now);
  return fields === undefined ? undefined : { ...('updatedAt' in row ? { updatedAt: now } : {}), ...fields };
}

function evolveTable(evolution: Evolution, declared: DeclaredRows, table: Table): void {
  const { world, account, from, to, days, chance, some } = evolution;
  const { evolve } = declared.table.spec;
  const { locations } = table.spec.layout;
  if (evolve?.change !== undefined) {
    for (let location = 0; location < locations; location += 1) {
      const { end } = table.extent(location);
      const seen = new Set<number>();
      for (let n = some(end * LOOKED_AT * days); n > 0; n -= 1) {
        const i = table.spec.layout.indexOf(location, Math.floor(chance() * end));
        if (seen.has(i) || !table.alive(i)) continue;
        seen.add(i);
        const fields = changeOf(evolution, declared, table.row(i));
        if (fields === undefined) continue;
        table.change(i, fields);
        note(world, account, table.resource, table.spec.ids.of(i), 'updated');
      }
    }
  }
  for (let n = some((evolve?.perDay?.(account.context.patients) ?? 0) * days); n > 0; n -= 1) {
    const location = Math.min(Math.floor(chance() ** 1.5 * locations), locations - 1);
    const i = table.create(location, from + 1 + Math.floor(chance() * (to - from - 1)));
    note(world, account, table.resource, table.spec.ids.of(i), 'created');
  }
}

function evolveChildren(evolution: Evolution, declared: DeclaredRows, table: ChildTable): void {
  const { world, account, to, days, chance, some } = evolution;
  const { evolve } = declared.table.spec;
  const { parent } = table.spec;
  const everywhere = parent.spec.layout;
  const someParent = (): number => {
    const location = Math.floor(chance() * everywhere.locations);
    return everywhere.indexOf(location, Math.floor(chance() * parent.extent(location).end));
  };
  if (evolve?.change !== undefined) {
    for (let n = some(parent.spec.count * LOOKED_AT * days); n > 0; n -= 1) {
      const i = someParent();
      const row = parent.alive(i) ? table.rows(i)[0] : undefined;
      const fields = row === undefined ? undefined : changeOf(evolution, declared, row);
      if (row === undefined || fields === undefined) continue;
      table.patch(row['id'] as number, fields);
      note(world, account, table.resource, row['id'] as number, 'updated');
    }
  }
  for (let n = some((evolve?.perDay?.(account.context.patients) ?? 0) * days); n > 0; n -= 1) {
    const i = someParent();
    if (!parent.alive(i)) continue;
    const id = declared.add(parent.spec.ids.of(i), roll(evolution), to - 1800);
    note(world, account, table.resource, id, 'created');
  }
}

/** Rows below a short list: new ones come below parents that have some. */
function evolveShort(evolution: Evolution, declared: DeclaredRows, list: Catalogue): void {
  const { world, account, to, days, chance, some } = evolution;
  const { evolve } = declared.table.spec;
  const rows = list.rows();
  const someRow = (): Row | undefined => rows[Math.floor(chance() * rows.length)];
  const changed = new Set<unknown>();
  for (let n = evolve?.change === undefined ? 0 : some(rows.length * LOOKED_AT * days); n > 0; n -= 1) {
    const row = someRow();
    const fields = row === undefined || changed.has(row) ? undefined : changeOf(evolution, declared, row);
    if (row === undefined || fields === undefined) continue;
    changed.add(row);
    list.patch(row['id'] as number, fields);
    note(world, account, list.resource, row['id'] as number, 'updated');
  }
  for (let n = some((evolve?.perDay?.(account.context.patients) ?? 0) * days); n > 0; n -= 1) {
    const parentId = list.locate(someRow()?.['id'] as number)?.parentId;
    if (parentId === undefined) continue;
    note(world, account, list.resource, declared.add(parentId, roll(evolution), to - 1800), 'created');
  }
}
