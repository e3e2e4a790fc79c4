import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import type { HealthKind } from '../rows/health.ts';
import { sumsOf } from '../rows/payments.ts';
import { DAY } from '../time.ts';
import { note } from '../world.ts';
import type { Evolution } from './evolution.ts';

const KINDS: readonly HealthKind[] = ['allergies', 'medications', 'problems'];
const WAITING = new Set(['SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_TREATMENT']);

/** Changes a row at a moment of the span and notes it. */
function change(evolution: Evolution, table: Table, i: number, fields: Row): void {
  const { world, account, from, to, chance } = evolution;
  const at = world.clock.utc(from + 1 + Math.floor(chance() * (to - from - 1)));
  table.change(i, { ...fields, updatedAt: at });
  note(world, account, table.resource, table.spec.ids.of(i), 'updated');
}

/** Visits that came due end, running ones end too, some coming ones are confirmed or called off. */
function visits(evolution: Evolution): number[] {
  const { account, from, to, chance } = evolution;
  const { table } = account.visits;
  const seen: number[] = [];
  for (let location = 0; location < account.layout.locations; location += 1) {
    for (const i of table.between(location, 'startTime', from - DAY, to - 3600)) {
      if (!WAITING.has(String(table.row(i)['status']))) continue;
      const h = chance();
      const status = h < 0.84 ? 'CHECKED_OUT' : h < 0.92 ? 'NO_SHOW' : 'CANCELLED';
      change(evolution, table, i, { status });
      if (status === 'CHECKED_OUT') seen.push(i);
    }
    for (const i of table.between(location, 'startTime', to + 3600, to + 4 * DAY)) {
      if (table.row(i)['status'] !== 'SCHEDULED') continue;
      const h = chance();
      if (h < 0.4) change(evolution, table, i, { status: 'CONFIRMED' });
      else if (h < 0.44) change(evolution, table, i, { status: 'CANCELLED', note: 'Called off by phone' });
    }
  }
  return seen;
}

/** Calls `work` for some of the newest rows of each location that have one of the statuses. */
function someRecent(
  evolution: Evolution,
  table: Table,
  statuses: readonly string[],
  fraction: number,
  picks: number,
  work: (i: number, row: Row) => void,
): void {
  const { account, chance, some } = evolution;
  for (let location = 0; location < account.layout.locations; location += 1) {
    const { end } = table.extent(location);
    const reach = Math.max(1, Math.ceil(end * fraction));
    const done = new Set<number>();
    for (let n = some(picks / account.layout.locations) * 4; n > 0; n -= 1) {
      const k = end - 1 - Math.floor(chance() * reach);
      const i = account.layout.indexOf(location, k);
      if (k < 0 || done.has(i) || !table.alive(i)) continue;
      done.add(i);
      const row = table.row(i);
      if (statuses.includes(String(row['status']))) work(i, row);
    }
  }
}

/** Open bills and requests are paid, some late; packets are filled in. */
function closings(evolution: Evolution): void {
  const { world, account, to, days, chance } = evolution;
  const size = account.context.patients;
  const moment = (): number => to - Math.floor(chance() * DAY);
  const bills = account.invoices.table;
  someRecent(evolution, bills, ['OPEN', 'VIEWED', 'PAST_DUE', 'FAILED'], 0.15, size * 0.006 * days, (i, row) => {
    change(evolution, bills, i, { status: 'PAID', paidAmount: row['totalAmount'], paidAt: world.clock.utc(moment()) });
  });
  const requests = account.paymentRequests;
  someRecent(evolution, requests, ['PENDING', 'PARTIALLY_PAID'], 0.2, size * 0.006 * days, (i, row) => {
    const sums = sumsOf(row['amountCents'] as number, row['amountCents'] as number);
    change(evolution, requests, i, { status: 'PAID', ...sums, paidAt: world.clock.utc(moment()) });
  });
  const packets = account.packets.table;
  someRecent(evolution, packets, ['PENDING', 'IN_PROGRESS'], 0.05, size * 0.006 * days, (i) => {
    const zone = account.context.locations[account.layout.locationOf(i)]?.zone as string;
    change(evolution, packets, i, { status: 'COMPLETED', completedAt: world.clock.local(moment(), zone) });
  });
}

/** Labs that were in work for more than two days get their results, and with them their components. */
function labs(evolution: Evolution): void {
  const { world, account, from, to, chance } = evolution;
  const { table, components } = account.labs;
  for (let location = 0; location < account.layout.locations; location += 1) {
    for (const i of table.between(location, 'entryOn', from - 20 * DAY, to - 2 * DAY)) {
      if (table.row(i)['status'] !== 'PROCESSING' || chance() < 0.3) continue;
      change(evolution, table, i, { status: 'COMPLETE', completedOn: world.clock.utc(to - 3600), locked: true });
      for (const row of components.rows(i)) note(world, account, components.resource, row['id'] as number, 'updated');
    }
  }
}

/** Health profiles change after visits, and for a few patients without a change hint. */
function health(evolution: Evolution, seen: readonly number[]): void {
  const { world, account, to, chance, some } = evolution;
  const { patients, visits: appointments } = account;
  const chosen = new Set(
    seen.filter(() => chance() < 0.35).map((i) => appointments.table.row(i)['patientId'] as number),
  );
  const { end } = patients.table.extent(0);
  for (let n = some(end * 0.0005 * evolution.days); n > 0; n -= 1)
    chosen.add(patients.idOf(Math.floor(chance() * end)));
  for (const id of chosen) {
    const patient = patients.table.find(id);
    if (patient < 0) continue;
    const kind = KINDS[Math.floor(chance() * 3)] as HealthKind;
    const table = account.health[kind];
    const old = table.rows(patient)[0];
    const stamp = world.clock.utc(to - 1800);
    if (old !== undefined && chance() < 0.5) {
      const status = old['active'] === true ? (kind === 'medications' ? 'DISCONTINUED' : 'RESOLVED') : 'ACTIVE';
      const endDate = status === 'ACTIVE' ? null : stamp.slice(0, 10);
      table.patch(old['id'] as number, { status, active: status === 'ACTIVE', endDate, updatedAt: stamp });
      note(world, account, kind, old['id'] as number, 'updated');
    } else {
      const row = account.health.fresh(kind, patient, Math.floor(chance() * 2 ** 31), to - 1800);
      note(world, account, kind, table.create(patient, row), 'created');
    }
  }
}

/** What goes on with rows that exist. */
export function progress(evolution: Evolution): void {
  const seen = visits(evolution);
  closings(evolution);
  labs(evolution);
  health(evolution, seen);
}
