import { Ids } from '../data/ids.ts';
import { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick, unit } from '../random.ts';
import { DAY } from '../time.ts';
import { type AccountContext, type Catalogues, ID_BASE, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

/** The very old rows stand in 2009. */
export const LONG_AGO = Date.UTC(2009, 2, 3, 15, 0, 0) / 1000;

/** What other rows ask of an appointment. */
export interface AppointmentFacts {
  table: Table;
  idOf(i: number): number;
  patientOf(i: number): number;
  /** Seconds at which the visit was booked. */
  createdOf(i: number): number;
}

/** Skews a hash towards the lower indexes, so that some patients come often and some never. */
export function skewed(hash: number, count: number): number {
  return Math.min(count - 1, Math.floor(unit(hash) ** 1.3 * count));
}

/** The appointments of an account. */
export function makeAppointments(context: AccountContext, small: Catalogues, patients: PatientFacts): AppointmentFacts {
  const { clock, layout, locations, pools } = context;
  const seed = kindSeed(context, 'appointments');
  const ids = new Ids(ID_BASE.appointments, context.accounts, context.ordinal, seed);
  const seedOf = (i: number): number => mix(seed, i + 1);
  const base = (i: number): boolean => i < table.spec.count;
  const ancient = (i: number): boolean => base(i) && permille(mix(seedOf(i), 1), 1);
  const createdOf = (i: number): number => (ancient(i) ? LONG_AGO + (i % 90) * DAY : table.createdOf(i));
  const patientOf = (i: number): number => skewed(mix(seedOf(i), 2), context.patients);
  const zoneOf = (i: number): string => (locations[layout.locationOf(i)] as { zone: string }).zone;

  const startOf = (i: number): number | null => {
    const s = seedOf(i);
    if (base(i) && mix(s, 3) % 500 === 0) return null;
    const zone = zoneOf(i);
    const lead = Math.floor(unit(mix(s, 4)) ** 2 * 60) + 1;
    let day = Math.floor((createdOf(i) + clock.offset(createdOf(i), zone) * 60) / DAY) + lead;
    const weekday = (day + 4) % 7;
    if (weekday === 0) day += 1;
    if (weekday === 6) day -= 1;
    return clock.instant(day * DAY + (8 * 60 + (mix(s, 5) % 36) * 15) * 60, zone);
  };
  const statusOf = (s: number, start: number | null, minutes: number, asOf: number): string => {
    const h = mix(s, 6) % 1000;
    if (start === null) return h < 500 ? 'SCHEDULED' : 'VOIDED';
    if (start > asOf) return h < 620 ? 'SCHEDULED' : h < 930 ? 'CONFIRMED' : h < 985 ? 'CANCELLED' : 'RESCHEDULED';
    if (start + minutes * 60 > asOf) return h < 400 ? 'IN_TREATMENT' : h < 900 ? 'CHECKED_IN' : 'NO_SHOW';
    if (h < 830) return 'CHECKED_OUT';
    return h < 910 ? 'CANCELLED' : h < 970 ? 'NO_SHOW' : h < 990 ? 'RESCHEDULED' : 'VOIDED';
  };

  const minutesOf = (i: number): number => pick(small.appointmentTypes, mix(seedOf(i), 7)).minutes;

  const generate = (i: number): Row => {
    const s = seedOf(i);
    const type = pick(small.appointmentTypes, mix(s, 7));
    const start = startOf(i);
    const created = createdOf(i);
    const asOf = table.asOf(i);
    const zone = zoneOf(i);
    const status = statusOf(s, start, type.minutes, asOf);
    const touched =
      start !== null && start <= asOf ? start + type.minutes * 60 + (mix(s, 8) % 3600) : created + (mix(s, 8) % DAY);
    return {
      id: ids.of(i),
      patientId: patients.idOf(patientOf(i)),
      practitionerId: permille(mix(s, 9), 8) ? null : pick(small.practitioners, mix(s, 10)).id,
      locationId: locations[layout.locationOf(i)]?.id,
      appointmentTypeId: type.id,
      startTime: start === null ? null : clock.local(start, zone),
      endTime: start === null ? null : clock.local(start + type.minutes * 60, zone),
      durationMinutes: type.minutes,
      status,
      note: permille(mix(s, 11), 750) ? null : pick(pools.sentences, mix(s, 12)),
      createdAt: times.createdAt(i) === null ? null : clock.utc(created),
      updatedAt: clock.utc(Math.max(created, Math.min(touched, asOf))),
    };
  };

  const times = {
    startTime: startOf,
    createdAt: (i: number) => (base(i) && mix(seedOf(i), 13) % 500 === 0 ? null : createdOf(i)),
  };
  const table = new Table({
    resource: 'appointments',
    ids,
    layout,
    locationIds: locations.map((place) => place.id),
    count: context.patients * 6,
    seed,
    present: context.present,
    history: context.history,
    generate,
    times,
    quick: { status: (i) => statusOf(seedOf(i), startOf(i), minutesOf(i), table.asOf(i)) },
    patientOf,
    patients: { count: context.patients, ids: patients.table.spec.ids },
  });
  return { table, idOf: (i) => ids.of(i), patientOf, createdOf };
}
