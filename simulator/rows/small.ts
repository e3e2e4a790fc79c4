import { Ids } from '../data/ids.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY, ZONE_NAMES } from '../time.ts';
import { type AccountContext, ID_BASE, kindSeed } from './context.ts';

type Base = Pick<
  AccountContext,
  'accountId' | 'ordinal' | 'accounts' | 'seed' | 'pools' | 'clock' | 'present' | 'history'
>;

/** Ids of a small list of an account. */
export function smallIds(context: Base, kind: keyof typeof ID_BASE): Ids {
  return new Ids(ID_BASE[kind], context.accounts, context.ordinal, kindSeed(context, kind));
}

/** Stamps of a row that was made before the history began and changed once since. */
export function stamps(context: Base, hash: number): { createdAt: string; updatedAt: string } {
  const created = context.present - context.history - (hash % (200 * DAY));
  const updated = created + (mix(hash, 5) % (context.present - created));
  return { createdAt: context.clock.utc(created), updatedAt: context.clock.utc(updated) };
}

const COLOURS = ['#4CAF50', '#2196F3', '#FF9800', '#9C27B0', '#F44336', '#009688', '#795548', '#607D8B'];

/** Locations; the last of three or more is inactive. */
export function makeLocations(context: Base, count: number): Row[] {
  const ids = smallIds(context, 'locations');
  return Array.from({ length: count }, (_, i) => {
    const s = mix(kindSeed(context, 'locations'), i);
    const place = pick(context.pools.places, mix(s, 1));
    return {
      id: ids.of(i),
      name: i === 1 ? `${place.city} Women's Health & Wellness` : `${place.city} Clinic`,
      active: !(count > 2 && i === count - 1),
      storeId: permille(mix(s, 2), 150) ? null : `STORE${String(100 + i * 7)}`,
      phoneNumber: `${String(201 + (mix(s, 3) % 700))}555${String(mix(s, 4) % 10_000).padStart(4, '0')}`,
      timeZone: ZONE_NAMES[(i + context.ordinal) % ZONE_NAMES.length],
      address: {
        address1: pick(context.pools.streets, mix(s, 5)),
        address2: permille(mix(s, 6), 500) ? `Suite ${String(100 + (mix(s, 7) % 300))}` : null,
        city: place.city,
        state: place.state,
        postalCode: place.postalCode,
      },
      ...stamps(context, mix(s, 8)),
    };
  });
}

/** Staff: about two thirds practitioners, a few inactive. */
export function makeStaff(context: Base, locations: readonly Row[]): Row[] {
  const ids = smallIds(context, 'staff');
  return Array.from({ length: 25 }, (_, i) => {
    const s = mix(kindSeed(context, 'staff'), i);
    const firstName = pick(i % 2 === 0 ? context.pools.femaleNames : context.pools.maleNames, mix(s, 1));
    const lastName = pick(context.pools.lastNames, mix(s, 2));
    const isPractitioner = i % 3 !== 2;
    const home = locations[i % locations.length] as Row;
    const second = locations[mix(s, 3) % locations.length] as Row;
    return {
      id: ids.of(i),
      firstName,
      lastName,
      email: permille(mix(s, 4), 40) ? null : `staff${String(i)}@clinic-${String(context.accountId)}.example`,
      active: i < 3 || !permille(mix(s, 5), 120),
      isPractitioner,
      credentials: isPractitioner ? pick(['MD', 'DO', 'NP', 'PA', 'RN'], mix(s, 6)) : null,
      npi: isPractitioner ? `1${String(100_000_000 + (mix(s, 7) % 900_000_000))}` : null,
      specialties: isPractitioner
        ? [pick(['Endocrinology', 'Family Medicine', 'Gynecology', 'Psychiatry', 'Cardiology'], mix(s, 8))]
        : [],
      licenses: isPractitioner
        ? [
            {
              number: `D${String(1_000_000 + (mix(s, 9) % 8_999_999))}`,
              state: (home['address'] as Row)['state'],
              expiresOn: context.clock.date(Math.floor(context.present / DAY) + (mix(s, 10) % 900)),
            },
          ]
        : null,
      locationIds: [...new Set([home['id'], second['id']])],
      roleGroupIds: isPractitioner ? [2, 4] : [i === 2 ? 1 : 3],
      ...stamps(context, mix(s, 11)),
    };
  });
}

const TYPES = [
  'New Patient Visit', 'Follow-up Visit', 'Annual Physical', 'Telehealth Consult', 'Weight Management Start', 'Weight Management Check-in',
  'Hormone Therapy Consult', 'Lab Draw', 'Injection Visit', 'Procedure', 'Well-Woman Exam', 'Medication Review', 'Sports Physical',
  'Vaccination', 'Wound Check', 'Nutrition Counseling', 'Behavioral Health Intake', 'Behavioral Health Session', 'IV Therapy', 'Discharge Visit',
]; // biome-ignore format: a table of names

/** Appointment types. */
export function makeAppointmentTypes(context: Base): Row[] {
  const ids = smallIds(context, 'appointmentTypes');
  return TYPES.map((name, i) => {
    const s = mix(kindSeed(context, 'types'), i);
    return {
      id: ids.of(i),
      name,
      description: permille(mix(s, 1), 200) ? null : `${name} at our clinic`,
      instructions: permille(mix(s, 2), 400) ? null : pick(context.pools.sentences, mix(s, 3)),
      durationMinutes: pick([15, 20, 30, 30, 45, 60], mix(s, 4)),
      telehealth: name.includes('Tele') || permille(mix(s, 5), 150),
      color: pick(COLOURS, i),
      active: !permille(mix(s, 6), 100),
      ...stamps(context, mix(s, 7)),
    };
  });
}

const CATEGORY_NAMES = [
  'New Patient',
  'Active Patient',
  'VIP',
  'At Risk',
  'Lapsed',
  'Maintenance',
  'Prospect',
  'Legacy (do not use)',
];

/** Categories; `patientCount` is filled in when they are read. */
export function makeCategories(context: Base): Row[] {
  const ids = smallIds(context, 'categories');
  return CATEGORY_NAMES.map((name, i) => ({
    id: ids.of(i),
    name,
    description: i % 3 === 2 ? null : `Patients in state "${name}"`,
    color: pick(COLOURS, i),
    active: i !== CATEGORY_NAMES.length - 1,
    isDefault: i === 0,
    patientCount: 0,
    sortOrder: i + 1,
    ...stamps(context, mix(kindSeed(context, 'categories'), i)),
  }));
}

/** CRM pipelines, and their stages by pipeline. */
export function makeCrm(context: Base): { groups: Row[]; statuses: Row[] } {
  const groupIds = smallIds(context, 'crmGroups');
  const statusIds = smallIds(context, 'crmStatuses');
  const stages = ['Lead', 'Contacted', 'Sales Qualified', 'Consult Booked', 'Won', 'Lost'];
  const groups = ['Digital Marketing Funnel', 'Referral Pipeline', 'Reactivation'].map((name, i) => ({
    id: groupIds.of(i),
    name,
    description: i === 2 ? null : `${name}: from first contact to a closed deal`,
    active: i !== 2,
    ...stamps(context, mix(kindSeed(context, 'crm'), i)),
  }));
  const statuses = groups.flatMap((group, g) =>
    stages.map((name, i) => ({
      id: statusIds.of(g * stages.length + i),
      groupId: group.id,
      name,
      description: i % 2 === 0 ? null : `Stage ${String(i + 1)}`,
      color: pick(COLOURS, g + i),
      order: i + 1,
      isTerminal: i >= 4,
      active: true,
      ...stamps(context, mix(kindSeed(context, 'crmStatus'), g * 10 + i)),
    })),
  );
  return { groups, statuses };
}

/** Role groups, the same in every account. */
export function makeRoleGroups(): Row[] {
  const names: [string, string | null][] = [
    ['Administrator', 'Full access'],
    ['Practitioner', 'Clinical staff who can be scheduled'],
    ['Front Desk', 'Scheduling, check-in and payments'],
    ['Nurse', null],
    ['Billing', 'Invoices and payment plans'],
  ];
  return names.map(([name, description], i) => ({ id: i + 1, name, description }));
}
