import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { addPatient, removePatient } from '../operations/patients.ts';
import { mix, pick } from '../random.ts';
import { note } from '../world.ts';
import type { Evolution } from './evolution.ts';

/** Adds rows to the locations of an account; the first location gets most. */
function add(evolution: Evolution, table: Table, rate: number, after?: (i: number) => void): void {
  const { world, account, from, to, chance, some } = evolution;
  for (let n = some(rate); n > 0; n -= 1) {
    const location = Math.min(Math.floor(chance() ** 1.5 * account.layout.locations), account.layout.locations - 1);
    const at = from + 1 + Math.floor(chance() * (to - from - 1));
    const i = table.create(location, at);
    note(world, account, table.resource, table.spec.ids.of(i), 'created');
    after?.(i);
  }
}

function noteChildren(evolution: Evolution, resource: string, rows: readonly Row[]): void {
  for (const row of rows) note(evolution.world, evolution.account, resource, row['id'] as number, 'created');
}

/** Patients come, change, change category and go. */
function patients(evolution: Evolution): void {
  const { world, account, to, days, chance, some } = evolution;
  const { table } = account.patients;
  const size = table.extent(0).end;
  const someone = (): number => Math.floor(chance() * size);
  for (let n = some(size * 0.0005 * days); n > 0; n -= 1) {
    const i = someone();
    if (table.alive(i)) removePatient(world, account, i);
  }
  for (let n = some(size * 0.005 * days); n > 0; n -= 1) {
    const i = someone();
    if (!table.alive(i)) continue;
    const { pools } = account.context;
    const h = Math.floor(chance() * 2 ** 31);
    const changes: Row[] = [
      { mobilePhone: `1415${String(2_000_000 + (h % 7_999_999))}` },
      { lastName: pick(pools.lastNames, h) },
      { email: `new.${h.toString(36)}@example.org` },
      { gender: pick(['Female', 'Male', 'non-binary'], h) },
    ];
    table.change(i, { ...pick(changes, mix(h, 1)), updatedAt: world.clock.utc(to - (h % 3600)) });
    note(world, account, 'patients', account.patients.idOf(i), 'updated');
  }
  for (let n = some(size * 0.002 * days); n > 0; n -= 1) {
    const i = someone();
    if (table.alive(i)) move(evolution, i);
  }
  for (let n = some(size * 0.003 * days); n > 0; n -= 1) addPatient(world, account, {});
}

/** Moves a patient to another category. */
function move(evolution: Evolution, patient: number): void {
  const { world, account, to, chance } = evolution;
  const { categories, small, patientCounts } = account;
  const before = categories.categoryOf(patient)?.['categoryId'];
  const open = small.categories.slice(0, -1).filter((category) => category.id !== before);
  const next = (open[Math.floor(chance() * open.length)] as { id: number }).id;
  const id = categories.move(patient, next, to - 900, Math.floor(chance() * 2 ** 31));
  if (typeof before === 'number') patientCounts.set(before, (patientCounts.get(before) ?? 0) - 1);
  patientCounts.set(next, (patientCounts.get(next) ?? 0) + 1);
  note(world, account, 'category_transitions', id, 'created');
  note(
    world,
    account,
    'patient_categories',
    account.patients.idOf(patient),
    before === undefined ? 'created' : 'updated',
  );
}

/** What comes new, in the proportions of the history. */
export function arrivals(evolution: Evolution): void {
  const { account, days } = evolution;
  patients(evolution);
  const rate = (total: number): number => (total / (3 * 365)) * days;
  const { patients: size } = account.context;
  add(evolution, account.visits.table, rate(size * 6));
  add(evolution, account.packets.table, rate(size * 3));
  add(evolution, account.invoices.table, rate(size * 2), (i) =>
    noteChildren(evolution, 'invoice_line_items', account.invoices.lines.rows(i)),
  );
  add(evolution, account.labs.table, rate(size * 0.8), (i) =>
    noteChildren(evolution, 'lab_test_components', account.labs.components.rows(i)),
  );
  add(evolution, account.paymentRequests, rate(size * 1.5));
  add(evolution, account.messages.groups, rate(size * 4));
  add(evolution, account.messages.notifications, rate(size * 10));
}
