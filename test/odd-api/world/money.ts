import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';
import { dollars, personName } from './builder.ts';
import type { Row } from './collection.ts';

/** An invoice with its lines in both forms: decimal inside it, cents on the list of lines. */
export function addInvoice(
  builder: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
  appointmentId: number | null,
): number {
  const { world, random, at, stamps } = builder;
  const made = stamps(-200);
  const status = random.pick(['DRAFT', 'OPEN', 'VIEWED', 'PAID', 'FAILED', 'PAST_DUE', 'REFUNDED', 'VOID']);
  const home = { accountId: parts.accountId, locationId };
  const invoiceId = world.invoices.add(
    {
      invoiceNumber: `№ ${random.digits(6)}/B`,
      patientId,
      patientName: personName(world.patients.get(patientId)),
      locationId,
      locationName: world.locations.get(locationId)['name'],
      appointmentId,
      subscriptionId: random.maybe(random.int(1, 90_000), 0.9),
      status,
      currency: 'USD',
      dueDate: random.maybe(at(-30, 30)),
      paidAt: status === 'PAID' ? at(-3, 0) : null,
      ...made,
    },
    home,
  );
  const lines = Array.from({ length: random.int(0, 3) }, (_, index) =>
    addLine(builder, { invoiceId, appointmentId, sortOrder: index, ...made }, { ...home, parentId: invoiceId }),
  );
  const total = lines.reduce((sum, line) => sum + (line['totalCents'] as number), 0);
  world.invoices.update(
    invoiceId,
    {
      lineItems: lines.map((line) => ({
        id: line['id'],
        type: line['type'] === 'TAX' ? 'OTHER' : line['type'],
        description: line['description'],
        careResourceId: line['careResourceId'],
        quantity: line['quantity'],
        unitPrice: (line['unitPriceCents'] as number) / 100,
        total: (line['totalCents'] as number) / 100,
        taxAmount: null,
      })),
      paidAmount: status === 'PAID' ? total / 100 : 0,
      refundedAmount: status === 'REFUNDED' ? total / 100 : 0,
      subtotalAmount: total / 100,
      taxAmount: 0,
      totalAmount: total / 100,
    },
    { stamp: false },
  );
  return invoiceId;
}

function addLine({ world, random }: Builder, fields: Row, home: Row): Row {
  const unitPriceCents = random.int(1, 30_000);
  const quantity = random.int(1, 4);
  const key = world.lineItems.add(
    {
      ...fields,
      careResourceId: random.maybe(random.int(100, 9_000)),
      type: random.pick(['SERVICE', 'PRODUCT', 'TAX']),
      code: random.maybe(random.digits(5)),
      description: random.pick(['Office visit', 'Brace, left knee', 'Supplements – 30 days']),
      quantity,
      unitPriceCents,
      unitPriceDisplay: dollars(unitPriceCents),
      totalCents: unitPriceCents * quantity,
      totalDisplay: dollars(unitPriceCents * quantity),
      taxable: random.chance(0.5),
    },
    home,
  );
  return world.lineItems.get(key);
}

/** A request for money; answers its id. */
export function addPaymentRequest(
  { world, random, at, stamps }: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
  invoiceId: number | null,
): number {
  const amountCents = random.int(100, 90_000);
  const status = random.pick(['PENDING', 'PARTIALLY_PAID', 'PAID', 'VOIDED', 'EXPIRED']);
  const amountPaidCents = status === 'PAID' ? amountCents : status === 'PARTIALLY_PAID' ? 50 : 0;
  return world.paymentRequests.add(
    {
      patientId,
      patientName: personName(world.patients.get(patientId)),
      appointmentId: null,
      invoiceId,
      description: random.maybe('Copay'),
      status,
      amountCents,
      amountDisplay: dollars(amountCents),
      amountPaidCents,
      amountPaidDisplay: dollars(amountPaidCents),
      amountRemainingCents: amountCents - amountPaidCents,
      amountRemainingDisplay: dollars(amountCents - amountPaidCents),
      paymentUrl: `https://pay.example.test/${random.digits(12)}?a=1&b=2`,
      voidReason: status === 'VOIDED' ? 'twice' : null,
      expiresAt: random.maybe(at(1, 60)),
      paidAt: status === 'PAID' ? at(-2, 0) : null,
      ...stamps(-100),
    },
    { accountId: parts.accountId, locationId },
  );
}

export function addPlan(
  { world, random, at, date, stamps }: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
): void {
  const endless = random.chance(0.5);
  const amountCents = random.int(500, 40_000);
  world.recurringPayments.add(
    {
      patientId,
      patientName: personName(world.patients.get(patientId)),
      description: random.maybe('Membership'),
      status: random.pick(['ACTIVE', 'PAUSED', 'CANCELLED', 'COMPLETED', 'FAILED']),
      frequency: random.pick(['WEEKLY', 'BIWEEKLY', 'MONTHLY', 'QUARTERLY', 'ANNUALLY']),
      amountCents,
      amountDisplay: dollars(amountCents),
      cardBrand: random.maybe('amex'),
      cardLast4: random.maybe('0007'),
      completedPayments: random.int(0, 5),
      remainingPayments: endless ? null : random.int(0, 7),
      totalPayments: endless ? null : 12,
      nextPaymentDate: random.maybe(date(1, 90)),
      startDate: at(-300, -30),
      endDate: endless ? null : at(30, 300),
      ...stamps(-300),
    },
    { accountId: parts.accountId, locationId },
  );
}
