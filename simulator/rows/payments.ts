import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import { type AppointmentFacts, LONG_AGO } from './appointments.ts';
import { bigIds, bigTable, linked } from './bigs.ts';
import { type AccountContext, kindSeed, money } from './context.ts';
import type { InvoiceFacts } from './invoices.ts';
import type { PatientFacts } from './patients.ts';

/** The three sums of a payment request, in cents and as text. */
export function sumsOf(amount: number, paid: number): Row {
  return {
    amountCents: amount,
    amountDisplay: money(amount),
    amountPaidCents: paid,
    amountPaidDisplay: money(paid),
    amountRemainingCents: amount - paid,
    amountRemainingDisplay: money(amount - paid),
  };
}

/** The payment requests of an account; three in five ask for an invoice's total. */
export function makePaymentRequests(
  context: AccountContext,
  patients: PatientFacts,
  visits: AppointmentFacts,
  invoices: InvoiceFacts,
): Table {
  const { clock } = context;
  const seed = kindSeed(context, 'paymentRequests');
  const ids = bigIds(context, 'paymentRequests');
  const seedOf = (i: number): number => mix(seed, i + 1);
  const base = (i: number): boolean => i < table.spec.count;
  const invoiceOf = (i: number): number =>
    permille(mix(seedOf(i), 1), 600) ? linked(context, table, i, invoices.table, 1.33) : -1;
  const visitOf = (i: number): number => linked(context, table, i, visits.table, 4);
  const patientOf = (i: number): number =>
    invoiceOf(i) >= 0 ? invoices.patientOf(invoiceOf(i)) : visits.patientOf(Math.max(visitOf(i), 0));
  const createdOf = (i: number): number =>
    base(i) && mix(seedOf(i), 2) % 1500 === 3 ? LONG_AGO + (i % 50) * DAY : table.createdOf(i);
  const statusOf = (i: number): string => {
    if (!base(i)) return 'PENDING';
    const h = mix(seedOf(i), 3) % 1000;
    const old = table.asOf(i) - createdOf(i) > 31 * DAY;
    if (h < 620) return old || h < 350 ? 'PAID' : 'PENDING';
    if (h < 700) return 'PARTIALLY_PAID';
    if (h < 760) return 'VOIDED';
    return old && h < 960 ? 'EXPIRED' : 'PENDING';
  };
  const generate = (i: number): Row => {
    const s = seedOf(i);
    const created = createdOf(i);
    const status = statusOf(i);
    const invoice = invoiceOf(i);
    const amount = invoice >= 0 ? invoices.totalCents(invoice) : 500 + (mix(s, 4) % 400) * 25;
    const paid = status === 'PAID' ? amount : status === 'PARTIALLY_PAID' ? Math.floor(amount / 3) : 0;
    const paidAt = Math.min(created + (mix(s, 5) % (25 * DAY)), table.asOf(i));
    return {
      id: ids.of(i),
      patientId: patients.idOf(patientOf(i)),
      patientName: patients.nameOf(patientOf(i)),
      appointmentId: invoice < 0 && visitOf(i) >= 0 ? visits.idOf(visitOf(i)) : null,
      invoiceId: invoice < 0 ? null : invoices.idOf(invoice),
      description: permille(mix(s, 6), 100)
        ? null
        : pick(['Copay for office visit', 'Balance due', 'Deposit', 'Kit "Starter"'], mix(s, 7)),
      status,
      ...sumsOf(amount, paid),
      paymentUrl: status === 'VOIDED' ? null : `https://pay.example.com/r/${mix(s, 8).toString(36)}${i.toString(36)}`,
      voidReason: status === 'VOIDED' ? 'Entered in error' : null,
      expiresAt: permille(mix(s, 9), 150) ? null : clock.utc(created + 31 * DAY - (created % DAY) - 1),
      paidAt: status === 'PAID' ? clock.utc(paidAt) : null,
      createdAt: times.createdAt(i) === null ? null : clock.utc(created),
      updatedAt: clock.utc(paid > 0 ? paidAt : created),
    };
  };
  const times = { createdAt: (i: number) => (base(i) && mix(seedOf(i), 10) % 500 === 0 ? null : createdOf(i)) };
  const table: Table = bigTable(context, patients, {
    kind: 'paymentRequests',
    resource: 'payment_requests',
    count: Math.ceil(context.patients * 1.5),
    generate,
    times,
    quick: { status: statusOf },
    patientOf,
  });
  return table;
}
