import { base, de, en, es, Faker, fr, pl, vi } from '@faker-js/faker';

/** Word pools made once at start; rows pick from them by hash. */
export interface Pools {
  femaleNames: readonly string[];
  maleNames: readonly string[];
  lastNames: readonly string[];
  streets: readonly string[];
  places: readonly { city: string; state: string; postalCode: string }[];
  companies: readonly string[];
  sentences: readonly string[];
}

const STATES = ['MD', 'NY', 'TX', 'CA', 'FL', 'IL', 'CO', 'AZ', 'WA', 'GA', 'OH', 'PA', 'NC', 'HI', 'AK', 'NM', 'LA'];

const UNUSUAL_LAST = [
  "O'Brien",
  "D'Angelo",
  'Núñez',
  'Müller-Lüdenscheidt',
  'Nguyễn',
  'Łukaszewicz',
  'Þórsdóttir',
  '王',
  '山田',
  '김',
  'Ó Súilleabháin',
  'van der Berg',
  'de la Cruz',
  'Null',
  'Test',
  'Smith Jr.',
  'Ndiaye',
  "N'Guessan",
  'الحسن',
];
const UNUSUAL_FIRST = [
  'Zoë',
  'François',
  'Siân',
  '小明',
  'さくら',
  '지민',
  'José María',
  'Renée',
  'Anaïs',
  'Bjørn',
  'محمد',
];

const NOTES = [
  'Patient asked to be called after 5 pm.',
  'Prefers "Bob"; bring ID',
  'Line one\nline two\tindented',
  'Path C:\\scans\\intake\\2025',
  'Follow-up 👍🏽 all good 😀',
  'Größe 1,80 m – Gewicht 82 kg',
  "Can't swallow tablets; use liquid",
  '血压偏高，请复查',
  'Allergy <b>check</b> & confirm',
  'Ref: 50% off, code "NEW\\YEAR"',
  'Copay $25.00; balance due',
  '',
  'Fasting since 22:00\r\nArrived late',
];

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** Builds the pools of a seed. Takes some tens of milliseconds. */
export function makePools(seed: number): Pools {
  const faker = new Faker({ locale: [en, base], seed });
  const others = [es, fr, de, pl, vi].map((locale) => new Faker({ locale: [locale, en, base], seed }));
  const foreign = (make: (from: Faker) => string) => others.flatMap((from) => many(120, () => make(from)));
  return {
    femaleNames: [
      ...many(1200, () => faker.person.firstName('female')),
      ...foreign((f) => f.person.firstName('female')),
      ...UNUSUAL_FIRST,
    ],
    maleNames: [
      ...many(1200, () => faker.person.firstName('male')),
      ...foreign((f) => f.person.firstName('male')),
      ...UNUSUAL_FIRST,
    ],
    lastNames: [...many(2400, () => faker.person.lastName()), ...foreign((f) => f.person.lastName()), ...UNUSUAL_LAST],
    streets: many(1500, () => faker.location.streetAddress()),
    places: many(1200, () => ({
      city: faker.location.city(),
      state: faker.helpers.arrayElement(STATES),
      postalCode: faker.location.zipCode('#####'),
    })),
    companies: many(400, () => faker.company.name()),
    sentences: [...NOTES, ...many(400, () => faker.lorem.sentence({ min: 3, max: 12 }))],
  };
}
