import { Random } from '../random.ts';
import { Collection } from './collection.ts';

/** The kinds of records, with the key of the first one: far apart, two of them beyond 32 bits, none contiguous. */
const KINDS = {
  locations: 7_100,
  staff: 18_400,
  roleGroups: 3,
  appointmentTypes: 2_210,
  categories: 910,
  crmStatusGroups: 44,
  crmStatuses: 5_020,
  patients: 4_031_007,
  patientCategories: 0,
  allergies: 88_000,
  medications: 310_500,
  problems: 615_300,
  transitions: 5_000_000_011,
  appointments: 9_400_120,
  formTemplates: 1_810,
  formElements: 71_000,
  formAttributes: 33_000,
  formTemplateGroups: 260,
  formPackets: 777_000,
  invoices: 2_500_040,
  lineItems: 6_800_000,
  labs: 41_900,
  paymentRequests: 123_000,
  recurringPayments: 15_600,
  notificationGroups: 830_100,
  notifications: 4_300_000_700,
  services: 640,
  remoteCareSettings: 0,
  webhooks: 51,
  eventTypes: 1,
  selfSchedulingSettings: 372,
  attempts: 98_100,
  identityProofs: 66_050,
  conversions: 20_300,
} as const;

/** Records without an id on the wire, or with one only in part. */
const WITHOUT_ID: readonly string[] = ['patientCategories', 'formAttributes', 'remoteCareSettings', 'eventTypes'];

export type Kind = keyof typeof KINDS;

export const ALL_KINDS = Object.keys(KINDS) as readonly Kind[];

type Collections = { readonly [K in Kind]: Collection };

/** Everything the API knows. Tests change it between and during runs. */
export type World = Collections & {
  readonly accountIds: readonly number[];
  readonly clock: () => number;
  /** Takes a patient away with all that hangs on them, as DELETE does. */
  removePatient(patientId: number): void;
  /** Moves all that hangs on one patient to another one and takes the first away. */
  mergePatients(fromId: number, intoId: number): void;
};

export function emptyWorld(seed: number | string, accountIds: readonly number[], clock: () => number): World {
  const collections = Object.fromEntries(
    ALL_KINDS.map((name) => [
      name,
      new Collection({
        name,
        withId: !WITHOUT_ID.includes(name),
        firstKey: KINDS[name],
        random: new Random(`${seed}/${name}`),
        clock,
      }),
    ]),
  ) as unknown as Collections;

  const ofPatient = (patientId: number) =>
    ALL_KINDS.filter((kind) => kind !== 'patients').flatMap((kind) =>
      collections[kind]
        .entries()
        .filter((entry) => entry.row['patientId'] === patientId)
        .map((entry) => ({ collection: collections[kind], entry })),
    );

  return {
    ...collections,
    accountIds,
    clock,
    removePatient(patientId) {
      for (const { collection, entry } of ofPatient(patientId)) {
        collection.delete(entry.key);
        if (collection.name === 'invoices') {
          for (const line of collections.lineItems.in({ parentId: entry.key })) collections.lineItems.delete(line.key);
        }
      }
      collections.patients.delete(patientId);
    },
    mergePatients(fromId, intoId) {
      for (const { collection, entry } of ofPatient(fromId)) {
        if (collection.name === 'patientCategories') {
          collection.delete(entry.key);
          continue;
        }
        collection.update(entry.key, { patientId: intoId });
        if (entry.home.parentId === fromId) collection.move(entry.key, { parentId: intoId });
      }
      collections.patients.delete(fromId);
    },
  };
}
