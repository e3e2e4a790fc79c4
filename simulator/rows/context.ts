import type { Layout } from '../data/layout.ts';
import type { Row } from '../data/types.ts';
import type { Pools } from '../pools.ts';
import { hashText, mix } from '../random.ts';
import type { Clockwork } from '../time.ts';

/** A location as row generators need it. */
export interface LocationFacts {
  id: number;
  name: string;
  zone: string;
}

/** A form template with its elements as rows. */
export interface Template {
  row: Row;
  elements: Row[];
}

/** Everything that the rows of one account are made from. */
export interface AccountContext {
  accountId: number;
  /** Position of the account among the accounts of the simulator, and their number. */
  ordinal: number;
  accounts: number;
  seed: number;
  pools: Pools;
  clock: Clockwork;
  /** Seconds at which the world begins. */
  present: number;
  /** Seconds of history before it. */
  history: number;
  layout: Layout;
  locations: LocationFacts[];
  /** Patients at the start. */
  patients: number;
}

/** The small lists that big rows refer to. */
export interface Catalogues {
  practitioners: { id: number; name: string }[];
  staffNames: string[];
  appointmentTypes: { id: number; minutes: number; name: string }[];
  categories: { id: number; name: string; color: string }[];
  templates: Template[];
}

/** Seed of one kind of row in one account. */
export function kindSeed(context: { seed: number; accountId: number }, kind: string): number {
  return mix(mix(context.seed, context.accountId), hashText(kind));
}

/** `$1,234.50` of an amount in cents. */
export function money(cents: number): string {
  const whole = Math.floor(cents / 100);
  const grouped = whole < 1000 ? String(whole) : whole.toLocaleString('en-US');
  return `$${grouped}.${String(cents % 100).padStart(2, '0')}`;
}

/** Where the ids of each kind begin. */
export const ID_BASE = {
  locations: 1_110,
  staff: 22_010,
  appointmentTypes: 33_300,
  categories: 2_205,
  crmGroups: 2_101,
  crmStatuses: 21_100,
  templates: 9_900,
  elements: 221_110,
  attributes: 880_100,
  templateGroups: 7_700,
  services: 31_010,
  remoteCareSettings: 32_010,
  schedulingSettings: 12_300,
  schedulerConfigs: 101_000,
  webhooks: 71_000,
  patients: 267_890,
  appointments: 1_012_345,
  formPackets: 4_004_001,
  forms: 54_000_321,
  invoices: 5_000_101,
  lineItems: 11_011_111,
  labs: 8_000_101,
  panels: 90_000_001,
  components: 98_000_765,
  paymentRequests: 6_000_011,
  notificationGroups: 6_100_101,
  notifications: 6_200_101,
  allergies: 510_001,
  medications: 520_001,
  problems: 530_001,
  transitions: 300_001,
  identityProofs: 45_600,
  attempts: 78_900,
  conversions: 33_010,
} as const;
