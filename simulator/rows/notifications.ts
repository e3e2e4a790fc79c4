import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import type { AppointmentFacts } from './appointments.ts';
import { bigIds, bigTable, linked } from './bigs.ts';
import { type AccountContext, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

/** What message groups are about. */
export interface NotificationSubjects {
  visits: AppointmentFacts;
  packets: Table;
  paymentRequests: Table;
}

/** Message groups and the messages in them: 4 groups and 10 messages a patient. */
export interface NotificationFacts {
  groups: Table;
  notifications: Table;
}

const TYPES = ['APPOINTMENT', 'FORM', 'PAYMENT'] as const;
const MESSAGE = { APPOINTMENT: 'APPOINTMENT_REMINDER', FORM: 'FORM_ASSIGNMENT', PAYMENT: 'PAYMENT_REQUEST' } as const;

/** The messages of an account. */
export function makeNotifications(
  context: AccountContext,
  patients: PatientFacts,
  subjects: NotificationSubjects,
): NotificationFacts {
  const { clock, layout, locations } = context;
  const groupSeed = kindSeed(context, 'notificationGroups');
  const groupIds = bigIds(context, 'notificationGroups');
  const typeOf = (g: number): (typeof TYPES)[number] => {
    const h = mix(groupSeed, g) % 10;
    return h < 6 ? 'APPOINTMENT' : h < 9 ? 'FORM' : 'PAYMENT';
  };
  const subjectOf = (g: number): { table: Table; index: number } => {
    const type = typeOf(g);
    const table =
      type === 'APPOINTMENT' ? subjects.visits.table : type === 'FORM' ? subjects.packets : subjects.paymentRequests;
    return { table, index: linked(context, groups, g, table, table.spec.count / Math.max(groups.spec.count, 1)) };
  };
  const patientOfGroup = (g: number): number => {
    const { table, index } = subjectOf(g);
    return index < 0 ? 0 : (table.spec.patientOf?.(index) ?? 0);
  };
  const groups: Table = bigTable(context, patients, {
    kind: 'notificationGroups',
    resource: 'notification_groups',
    count: context.patients * 4,
    times: {},
    patientOf: patientOfGroup,
    generate: (g): Row => {
      const type = typeOf(g);
      const { table, index } = subjectOf(g);
      const subject = (wanted: string): number | null =>
        type === wanted && index >= 0 ? table.spec.ids.of(index) : null;
      const created = clock.utc(groups.createdOf(g));
      return {
        id: groupIds.of(g),
        locationId: locations[layout.locationOf(g)]?.id,
        patientId: patients.idOf(patientOfGroup(g)),
        name: type === 'APPOINTMENT' ? 'Visit reminders' : type === 'FORM' ? 'Forms to fill in' : null,
        type,
        appointmentId: subject('APPOINTMENT'),
        formPacketId: subject('FORM'),
        paymentRequestId: subject('PAYMENT'),
        createdAt: created,
        updatedAt: created,
      };
    },
  });

  const seed = kindSeed(context, 'notifications');
  const ids = bigIds(context, 'notifications');
  const seedOf = (i: number): number => mix(seed, i + 1);
  const groupOf = (i: number): number => linked(context, notifications, i, groups, 0.4);
  const patientOf = (i: number): number => patientOfGroup(Math.max(groupOf(i), 0));
  const delivery = (hash: number, sent: boolean): string => {
    if (permille(hash, 150)) return 'NOT_REQUESTED';
    return sent ? pick(['DELIVERED', 'DELIVERED', 'DELIVERED', 'SENT', 'FAILED'], hash >>> 3) : 'PENDING';
  };
  const times = {
    createdAt: (i: number) =>
      i < notifications.spec.count && mix(seedOf(i), 1) % 500 === 0 ? null : notifications.createdOf(i),
  };
  const notifications: Table = bigTable(context, patients, {
    kind: 'notifications',
    resource: 'notifications',
    count: context.patients * 10,
    times,
    patientOf,
    generate: (i): Row => {
      const s = seedOf(i);
      const created = notifications.createdOf(i);
      const group = groupOf(i);
      const scheduled = created + (mix(s, 2) % (4 * DAY));
      const sent = scheduled < notifications.asOf(i);
      const emailStatus = delivery(mix(s, 3), sent);
      const smsStatus = delivery(mix(s, 4), sent);
      const reached = (status: string): boolean => status === 'DELIVERED' || status === 'SENT';
      const emailSentAt = reached(emailStatus) ? clock.utc(scheduled + 3) : null;
      const smsSentAt = reached(smsStatus) ? clock.utc(scheduled + 5) : null;
      return {
        id: ids.of(i),
        patientId: patients.idOf(patientOf(i)),
        locationId: locations[layout.locationOf(i)]?.id,
        notificationGroupId: group < 0 || permille(mix(s, 5), 30) ? null : groupIds.of(group),
        type: permille(mix(s, 6), 20) || group < 0 ? 'ACCOUNT_RECOVERY' : MESSAGE[typeOf(group)],
        emailStatus,
        smsStatus,
        emailSentAt,
        smsSentAt,
        scheduledFor: permille(mix(s, 7), 100) ? null : clock.utc(scheduled),
        createdAt: times.createdAt(i) === null ? null : clock.utc(created),
        updatedAt: clock.utc(sent ? Math.min(scheduled + 9, notifications.asOf(i)) : created),
      };
    },
  });
  return { groups, notifications };
}
