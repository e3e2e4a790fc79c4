import { ChildTable } from '../data/children.ts';
import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { CARE_RESOURCES } from '../medical.ts';
import { mix, permille } from '../random.ts';
import { DAY } from '../time.ts';
import { type AppointmentFacts, LONG_AGO } from './appointments.ts';
import { bigIds, bigTable, linked } from './bigs.ts';
import { type AccountContext, ID_BASE, kindSeed, money } from './context.ts';
import type { PatientFacts } from './patients.ts';

interface Line {
  resource: (typeof CARE_RESOURCES)[number];
  careResourceId: number;
  quantity: number;
  cents: number;
  tax: number;
}

/** Invoices with their lines, and what payment requests ask of them. */
export interface InvoiceFacts {
  table: Table;
  lines: ChildTable;
  idOf(i: number): number;
  patientOf(i: number): number;
  totalCents(i: number): number;
}

const PLACES = 8;

/** The invoices of an account; totals are the sums of their one to four lines. */
export function makeInvoices(context: AccountContext, patients: PatientFacts, visits: AppointmentFacts): InvoiceFacts {
  const { clock, locations, layout } = context;
  const seed = kindSeed(context, 'invoices');
  const ids = bigIds(context, 'invoices');
  const seedOf = (i: number): number => mix(seed, i + 1);
  const visitOf = (i: number): number => linked(context, table, i, visits.table, 3);
  const patientOf = (i: number): number => visits.patientOf(Math.max(visitOf(i), 0));
  const base = (i: number): boolean => i < table.spec.count;
  const createdOf = (i: number): number =>
    base(i) && mix(seedOf(i), 1) % 1500 === 3 ? LONG_AGO + (i % 50) * DAY : table.createdOf(i);
  const withVisit = (i: number): boolean => !permille(mix(seedOf(i), 2), 250);

  const linesOf = (i: number): Line[] => {
    const s = seedOf(i);
    return Array.from({ length: 1 + (mix(s, 10) % 4) }, (_, n) => {
      const at = mix(s, 11 + n) % CARE_RESOURCES.length;
      const resource = CARE_RESOURCES[at] as (typeof CARE_RESOURCES)[number];
      const quantity = permille(mix(s, 21 + n), 800) ? 1 : 2 + (mix(s, 21 + n) % 4);
      const tax = resource[4] ? Math.round(quantity * resource[3] * 0.06) : 0;
      return { resource, careResourceId: 4401 + at * 7, quantity, cents: resource[3], tax };
    });
  };
  const sums = (i: number): { subtotal: number; tax: number } => {
    const lines = linesOf(i);
    return {
      subtotal: lines.reduce((sum, line) => sum + line.quantity * line.cents, 0),
      tax: lines.reduce((sum, line) => sum + line.tax, 0),
    };
  };
  const statusOf = (i: number): string => {
    const h = mix(seedOf(i), 3) % 1000;
    const age = table.asOf(i) - createdOf(i);
    if (age < 30 * DAY) return h < 60 ? 'DRAFT' : h < 400 ? 'OPEN' : h < 600 ? 'VIEWED' : h < 980 ? 'PAID' : 'FAILED';
    if (h < 880) return 'PAID';
    return h < 920 ? 'PAST_DUE' : h < 950 ? 'REFUNDED' : h < 980 ? 'VOID' : 'OPEN';
  };

  const generate = (i: number): Row => {
    const s = seedOf(i);
    const created = createdOf(i);
    const asOf = table.asOf(i);
    const status = statusOf(i);
    const { subtotal, tax } = sums(i);
    const total = subtotal + tax;
    const paid = status === 'PAID' || status === 'REFUNDED';
    const paidAt = Math.min(created + (mix(s, 4) % (20 * DAY)), asOf);
    const changed = paid ? paidAt + (status === 'REFUNDED' ? 3600 : 0) : created + (mix(s, 5) % 7200);
    const location = locations[layout.locationOf(i)];
    return {
      id: ids.of(i),
      invoiceNumber: `INV-${clock.date(Math.floor(created / DAY)).slice(0, 4)}-${String(i + 1).padStart(6, '0')}`,
      patientId: patients.idOf(patientOf(i)),
      patientName: patients.nameOf(patientOf(i)),
      locationId: location?.id,
      locationName: location?.name,
      appointmentId: withVisit(i) && visitOf(i) >= 0 ? visits.idOf(visitOf(i)) : null,
      subscriptionId: permille(mix(s, 6), 80) ? 880_000 + (mix(s, 7) % 5000) : null,
      status,
      currency: 'USD',
      lineItems: linesOf(i).map((line, n) => ({
        id: lines.spec.base + (i * context.accounts + context.ordinal) * PLACES + n,
        type: line.resource[1],
        description: line.resource[0],
        careResourceId: line.careResourceId,
        quantity: line.quantity,
        unitPrice: line.cents / 100,
        total: (line.quantity * line.cents) / 100,
        taxAmount: line.tax / 100,
      })),
      paidAmount: paid ? total / 100 : 0,
      refundedAmount: status === 'REFUNDED' ? total / 100 : 0,
      subtotalAmount: subtotal / 100,
      taxAmount: tax / 100,
      totalAmount: total / 100,
      dueDate: permille(mix(s, 8), 40) ? null : clock.utc(created + 17 * DAY - (created % DAY)),
      paidAt: paid ? clock.utc(paidAt) : null,
      createdAt: times.createdAt(i) === null ? null : clock.utc(created),
      updatedAt: clock.utc(Math.min(changed, asOf)),
    };
  };

  const times = { createdAt: (i: number) => (base(i) && mix(seedOf(i), 9) % 500 === 0 ? null : createdOf(i)) };
  const table: Table = bigTable(context, patients, {
    kind: 'invoices',
    resource: 'invoices',
    count: context.patients * 2,
    generate,
    times,
    quick: { status: statusOf },
    patientOf,
  });
  const lines = new ChildTable({
    resource: 'invoice_line_items',
    parent: table,
    base: ID_BASE.lineItems,
    places: PLACES,
    accounts: context.accounts,
    ordinal: context.ordinal,
    generate: (i, idOf) =>
      linesOf(i).map((line, n) => {
        const [description, type, code, , taxable] = line.resource;
        const totalCents = line.quantity * line.cents;
        const created = createdOf(i);
        return {
          id: idOf(n),
          invoiceId: ids.of(i),
          appointmentId: withVisit(i) && visitOf(i) >= 0 ? visits.idOf(visitOf(i)) : null,
          careResourceId: line.careResourceId,
          type: type === 'EQUIPMENT' ? 'PRODUCT' : type === 'OTHER' ? 'ADJUSTMENT' : type,
          code,
          description,
          quantity: line.quantity,
          unitPriceCents: line.cents,
          unitPriceDisplay: money(line.cents),
          totalCents,
          totalDisplay: money(totalCents),
          taxable,
          sortOrder: n + 1,
          createdAt: clock.utc(created),
          updatedAt: clock.utc(created),
        };
      }),
  });
  return {
    table,
    lines,
    idOf: (i) => ids.of(i),
    patientOf,
    totalCents: (i) => {
      const { subtotal, tax } = sums(i);
      return subtotal + tax;
    },
  };
}
