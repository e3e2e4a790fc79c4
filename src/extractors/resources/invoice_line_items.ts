import { bigint, boolean, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const invoiceLineItems = defineResource({
  name: 'invoice_line_items',
  description: 'Lines of the invoices from their own list, money in integer cents.',
  strategy: { kind: 'children' },
  scope: 'location',
  reads: [
    {
      operation: 'listLineItems',
      scope: 'location',
      listKey: 'lineItems',
      paginated: true,
      parent: { resource: 'invoices', param: 'invoiceId', column: 'invoice_id' },
    },
  ],
  get: { operation: 'getLineItem', param: 'lineItemId', parentParam: 'invoiceId' },
  context: ['invoice_id'],
  fields: {
    id: bigint('quasi'),
    invoiceId: bigint('quasi'),
    appointmentId: bigint('quasi'),
    careResourceId: bigint('clinical'),
    type: text('operational'),
    code: text('clinical'),
    description: text('clinical'),
    quantity: integer('clinical'),
    unitPriceCents: bigint('clinical'),
    unitPriceDisplay: text('clinical'),
    totalCents: bigint('clinical'),
    totalDisplay: text('clinical'),
    taxable: boolean('operational'),
    sortOrder: integer('operational'),
    ...stamped,
  },
});
