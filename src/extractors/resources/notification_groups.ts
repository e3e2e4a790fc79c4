import { bigint, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const notificationGroups = defineResource({
  name: 'notification_groups',
  description: 'Ties the messages about one appointment, form or payment together.',
  strategy: { kind: 'full', late: true },
  scope: 'location',
  reads: [{ operation: 'listNotificationGroups', scope: 'location', listKey: 'notificationGroups', paginated: true }],
  get: { operation: 'getNotificationGroup', param: 'groupId' },
  fields: {
    id: bigint('quasi'),
    locationId: bigint('operational'),
    patientId: bigint('quasi'),
    name: text('clinical'),
    type: text('operational'),
    appointmentId: bigint('quasi'),
    formPacketId: bigint('quasi'),
    paymentRequestId: bigint('quasi'),
    ...stamped,
  },
});
