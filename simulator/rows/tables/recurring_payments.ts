import { permille, pick } from '../../random.ts';
import { DAY } from '../../time.ts';
import { money } from '../context.ts';
import { defineRows } from '../define.ts';

const PERIOD = { WEEKLY: 7, BIWEEKLY: 14, MONTHLY: 30, QUARTERLY: 91, ANNUALLY: 365 } as const;

/** The payment plans of an account. */
export const recurringPayments = defineRows({
  resource: 'recurring_payments',
  list: 'listRecurringPayments',
  get: 'getRecurringPayment',
  idBase: 700_001,
  count: (patients) => (patients === 0 ? 0 : Math.max(10, Math.ceil(patients / 20))),
  row: ({ id, hash, created, asOf, context: { clock }, patient }) => {
    const frequency = pick(Object.keys(PERIOD) as (keyof typeof PERIOD)[], hash(2));
    const step = PERIOD[frequency] * DAY;
    const totalPayments = permille(hash(3), 400) ? null : 4 + (hash(4) % 9);
    const due = Math.floor((asOf - created) / step);
    const completedPayments = Math.max(0, Math.min(due, totalPayments ?? due));
    const over = totalPayments !== null && completedPayments === totalPayments;
    const open = permille(hash(5), 750) ? 'ACTIVE' : pick(['PAUSED', 'CANCELLED', 'FAILED'], hash(6));
    const status = over ? 'COMPLETED' : open;
    const start = created - (created % DAY);
    const amountCents = 2500 + (hash(7) % 120) * 125;
    const { id: patientId, name: patientName } = patient();
    return {
      id,
      patientId,
      patientName,
      description: permille(hash(8), 150) ? null : 'Monthly payment plan',
      status,
      frequency,
      amountCents,
      amountDisplay: money(amountCents),
      cardBrand: permille(hash(9), 60) ? null : pick(['visa', 'mastercard', 'amex', 'discover'], hash(10)),
      cardLast4: permille(hash(9), 60) ? null : String(hash(11) % 10_000).padStart(4, '0'),
      completedPayments,
      remainingPayments: totalPayments === null ? null : totalPayments - completedPayments,
      totalPayments,
      nextPaymentDate: status === 'ACTIVE' ? clock.date(Math.floor((start + (due + 1) * step) / DAY)) : null,
      startDate: clock.utc(start),
      endDate: totalPayments === null ? null : clock.utc(start + totalPayments * step - 1),
      createdAt: clock.utc(created),
      updatedAt: clock.utc(Math.min(created + due * step, asOf)),
    };
  },
  evolve: { perDay: (patients) => patients / 20 / (3 * 365) },
});
