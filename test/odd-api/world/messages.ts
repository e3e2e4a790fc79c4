import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';

/** The messages about one visit, or about a request for money, tied together by a group. */
export function addMessages(
  { world, random, at, stamps }: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
  about: { readonly appointmentId?: number; readonly paymentRequestId?: number },
): void {
  const home = { accountId: parts.accountId, locationId };
  const paid = about.paymentRequestId !== undefined;
  const notificationGroupId = world.notificationGroups.add(
    {
      locationId,
      patientId,
      name: random.maybe(paid ? 'Bill' : 'Visit'),
      type: paid ? 'PAYMENT' : 'APPOINTMENT',
      appointmentId: about.appointmentId ?? null,
      formPacketId: null,
      paymentRequestId: about.paymentRequestId ?? null,
      ...stamps(-90),
    },
    home,
  );
  for (let count = random.int(1, 2); count > 0; count -= 1) {
    const sent = random.chance(0.7);
    world.notifications.add(
      {
        patientId,
        locationId,
        notificationGroupId,
        type: paid ? 'PAYMENT_REQUEST' : 'APPOINTMENT_REMINDER',
        emailStatus: sent ? random.pick(['SENT', 'DELIVERED', 'FAILED']) : 'PENDING',
        smsStatus: 'NOT_REQUESTED',
        emailSentAt: sent ? at(-2, 0) : null,
        smsSentAt: null,
        scheduledFor: random.maybe(at(-2, 20)),
        ...stamps(-80),
      },
      home,
    );
  }
}
