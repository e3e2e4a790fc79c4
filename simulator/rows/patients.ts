import { Ids } from '../data/ids.ts';
import { Layout } from '../data/layout.ts';
import { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import { type AccountContext, ID_BASE, kindSeed } from './context.ts';

const PHONE_FACTOR = 7919n;
/** Inverse of the factor modulo ten million: finds the patient of a phone number again. */
const PHONE_INVERSE = 17_679n;
const PHONES = 10_000_000n;

/** What other rows ask of a patient. */
export interface PatientFacts {
  table: Table;
  idOf(i: number): number;
  nameOf(i: number): string;
  emailOf(i: number): string | null;
  /** Index that an e-mail address or a ten-digit phone may belong to, before any change; -1 when none. */
  byEmail(email: string): number;
  byPhone(phone: string): number;
}

/** The patients of an account. */
export function makePatients(context: AccountContext): PatientFacts {
  const { pools, clock, patients: count } = context;
  const seed = kindSeed(context, 'patients');
  const ids = new Ids(ID_BASE.patients, context.accounts, context.ordinal, seed);
  const seedOf = (i: number): number => mix(seed, i + 1);
  const woman = (s: number): boolean => permille(mix(s, 1), 540);
  const firstOf = (s: number): string => pick(woman(s) ? pools.femaleNames : pools.maleNames, mix(s, 2));
  const lastOf = (s: number): string => pick(pools.lastNames, mix(s, 3));
  const nameOf = (i: number): string => `${firstOf(seedOf(i))} ${lastOf(seedOf(i))}`;
  const shares = (i: number): boolean =>
    i > 0 && permille(mix(seedOf(i), 4), 25) && !permille(mix(seedOf(i - 1), 4), 25);
  const emailOf = (i: number): string | null => {
    const owner = shares(i) ? i - 1 : i;
    if (permille(mix(seedOf(owner), 5), 80)) return null;
    const last = lastOf(seedOf(owner))
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase();
    return `${last || 'patient'}.${owner.toString(36)}@example.com`;
  };
  const phoneOf = (i: number): string => {
    const rest = (BigInt(i) * PHONE_FACTOR) % PHONES;
    return `1${String(201 + (mix(seedOf(i), 6) % 780))}${String(rest).padStart(7, '0')}`;
  };

  const generate = (i: number): Row => {
    const s = seedOf(i);
    const created = table.createdOf(i);
    const place = pick(pools.places, mix(s, 7));
    const address = (salt: number): Row => ({
      line1: pick(pools.streets, mix(s, salt)),
      line2: permille(mix(s, salt + 1), 150) ? `Apt ${String(1 + (mix(s, salt + 2) % 90))}` : null,
      city: place.city,
      stateRegion: place.state,
      postalCode: place.postalCode,
    });
    const born = Math.floor(context.present / DAY) - 18 * 365 - (mix(s, 8) % (70 * 365));
    const updated = Math.min(created + (mix(s, 9) % (90 * DAY)), table.asOf(i));
    return {
      id: ids.of(i),
      firstName: firstOf(s),
      lastName: lastOf(s),
      dateOfBirth: permille(mix(s, 10), 5) ? null : clock.date(born),
      email: emailOf(i),
      mobilePhone: permille(mix(s, 11), 50) ? null : phoneOf(i),
      gender: permille(mix(s, 12), 80) ? null : permille(mix(s, 12), 110) ? 'non-binary' : woman(s) ? 'Female' : 'Male',
      homeAddress: permille(mix(s, 13), 100) ? null : address(20),
      mailingAddress: permille(mix(s, 14), 850) ? null : address(30),
      createdAt: permille(mix(s, 15), 2) ? null : clock.utc(created),
      updatedAt: clock.utc(updated),
    };
  };

  const table = new Table({
    resource: 'patients',
    ids,
    layout: new Layout([1]),
    locationIds: [],
    count,
    seed,
    present: context.present,
    history: context.history,
    generate,
    times: {},
  });
  return {
    table,
    idOf: (i) => ids.of(i),
    nameOf,
    emailOf,
    byEmail: (email) => {
      const code = /\.([0-9a-z]+)@example\.com$/i.exec(email)?.[1];
      return code === undefined ? -1 : Number.parseInt(code.toLowerCase(), 36);
    },
    byPhone: (phone) => (/^\d{10}$/.test(phone) ? Number((BigInt(phone.slice(3)) * PHONE_INVERSE) % PHONES) : -1),
  };
}
