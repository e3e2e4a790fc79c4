import { bigint, instant, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const paymentRequests = defineResource({
  name: 'payment_requests',
  description: 'Sums asked from patients.',
  strategy: { kind: 'recent', days: 7, openStatuses: ['PENDING', 'PARTIALLY_PAID'] },
  scope: 'location',
  reads: [
    {
      operation: 'listPaymentRequests',
      scope: 'location',
      listKey: 'paymentRequests',
      paginated: true,
      window: { from: 'createdAfter', to: 'createdBefore', column: 'created_at' },
    },
  ],
  get: { operation: 'getPaymentRequest', param: 'paymentRequestId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    patientName: text('direct'),
    appointmentId: bigint('quasi'),
    invoiceId: bigint('quasi'),
    description: text('clinical'),
    status: text('operational'),
    amountCents: bigint('clinical'),
    amountDisplay: text('clinical'),
    amountPaidCents: bigint('clinical'),
    amountPaidDisplay: text('clinical'),
    amountRemainingCents: bigint('clinical'),
    amountRemainingDisplay: text('clinical'),
    // May be signed for a while only.
    paymentUrl: text('direct', { volatile: true }),
    voidReason: text('clinical'),
    expiresAt: instant('quasi'),
    paidAt: instant('quasi'),
    ...stamped,
  },
});
