import { bigint, instant, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const notifications = defineResource({
  name: 'notifications',
  description: 'Messages to patients; e-mail and SMS have separate delivery states.',
  strategy: { kind: 'recent', days: 7, openStatuses: ['PENDING'], statusColumns: ['email_status', 'sms_status'] },
  scope: 'location',
  reads: [
    {
      operation: 'listNotifications',
      scope: 'location',
      listKey: 'notifications',
      paginated: true,
      window: { from: 'startDate', to: 'endDate', column: 'created_at' },
    },
  ],
  get: { operation: 'getNotification', param: 'notificationId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    locationId: bigint('operational'),
    notificationGroupId: bigint('quasi'),
    type: text('operational'),
    emailStatus: text('operational'),
    smsStatus: text('operational'),
    emailSentAt: instant('quasi'),
    smsSentAt: instant('quasi'),
    scheduledFor: instant('quasi'),
    ...stamped,
  },
});
