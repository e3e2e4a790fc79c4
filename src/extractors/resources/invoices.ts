import { bigint, instant, json, numeric, stamped, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

export const invoices = defineResource({
  name: 'invoices',
  description: 'Bills. Amounts are decimals as the API gives them; their lines in cents are in invoice_line_items.',
  strategy: { kind: 'recent', days: 7, openStatuses: ['DRAFT', 'OPEN', 'VIEWED', 'PAST_DUE', 'FAILED'] },
  scope: 'location',
  reads: [
    {
      operation: 'listInvoices',
      scope: 'location',
      listKey: 'invoices',
      paginated: true,
      window: { from: 'startDate', to: 'endDate', column: 'created_at' },
    },
  ],
  get: { operation: 'getInvoice', param: 'invoiceId' },
  fields: {
    id: bigint('quasi'),
    invoiceNumber: text('quasi'),
    patientId: bigint('quasi'),
    patientName: text('direct'),
    locationId: bigint('operational'),
    locationName: text('operational'),
    appointmentId: bigint('quasi'),
    subscriptionId: bigint('quasi'),
    status: text('operational'),
    currency: text('operational'),
    lineItems: json('clinical', {
      members: members('id', 'type', 'description', 'careResourceId', 'quantity', 'unitPrice', 'total', 'taxAmount'),
    }),
    paidAmount: numeric('clinical'),
    refundedAmount: numeric('clinical'),
    subtotalAmount: numeric('clinical'),
    taxAmount: numeric('clinical'),
    totalAmount: numeric('clinical'),
    dueDate: instant('quasi'),
    paidAt: instant('quasi'),
    ...stamped,
  },
});
