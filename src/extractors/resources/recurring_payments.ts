import { bigint, date, instant, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const recurringPayments = defineResource({
  name: 'recurring_payments',
  description: 'Payment plans.',
  strategy: { kind: 'full' },
  scope: 'location',
  reads: [{ operation: 'listRecurringPayments', scope: 'location', listKey: 'recurringPayments', paginated: true }],
  get: { operation: 'getRecurringPayment', param: 'recurringPaymentId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    patientName: text('direct'),
    description: text('clinical'),
    status: text('operational'),
    frequency: text('operational'),
    amountCents: bigint('clinical'),
    amountDisplay: text('clinical'),
    cardBrand: text('quasi'),
    cardLast4: text('direct'),
    completedPayments: integer('clinical'),
    remainingPayments: integer('clinical'),
    totalPayments: integer('clinical'),
    nextPaymentDate: date('quasi'),
    startDate: instant('quasi'),
    endDate: instant('quasi'),
    ...stamped,
  },
});
