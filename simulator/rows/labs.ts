import { ChildTable } from '../data/children.ts';
import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { PANELS, type TestDefinition } from '../medical.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import { type AppointmentFacts, LONG_AGO } from './appointments.ts';
import { bigIds, bigTable, linked } from './bigs.ts';
import { type AccountContext, type Catalogues, ID_BASE, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

const PLACES = 32;

/** Labs with their components. */
export interface LabFacts {
  table: Table;
  components: ChildTable;
  /** The panels of a lab with their components, results shown or still open. */
  panelsOf(i: number, done: boolean): Row[];
}

/** One measured value, with a flag that follows from value and bounds. */
export function measure(definition: TestDefinition, s: number, id: number, done: boolean): Row {
  const { name, externalId, unit, low, high, decimals, text } = definition;
  const row = { id, name, externalId, unit, referenceText: text };
  const bounds = {
    referenceLow: low === null ? null : String(low),
    referenceHigh: high === null ? null : String(high),
  };
  if (!done) {
    const started = permille(s, 200);
    return { ...row, value: null, ...bounds, abnormalFlag: null, resultStatus: started ? 'PRELIMINARY' : null };
  }
  const resultStatus = permille(mix(s, 3), 15) ? 'CORRECTED' : permille(mix(s, 3), 20) ? 'CANCELLED' : 'FINAL';
  if (low === null && high === null) {
    const value = text?.startsWith('N') && permille(mix(s, 1), 950) ? text : 'DETECTED*';
    return { ...row, value, ...bounds, abnormalFlag: null, resultStatus };
  }
  const from = low ?? 0;
  const to = high ?? from * 2;
  const value = Number((from + ((mix(s, 2) % 1400) / 1000 - 0.2) * (to - from)).toFixed(decimals));
  const below = low !== null && value < low;
  const above = high !== null && value > high;
  const abnormalFlag = below ? 'BELOW_NORMAL' : above ? 'ABOVE_NORMAL' : 'WITHIN_NORMAL';
  return { ...row, value: Math.max(value, 0).toFixed(decimals), ...bounds, abnormalFlag, resultStatus };
}

/** The labs of an account. */
export function makeLabs(
  context: AccountContext,
  small: Catalogues,
  patients: PatientFacts,
  visits: AppointmentFacts,
): LabFacts {
  const { clock, locations, layout, pools } = context;
  const seed = kindSeed(context, 'labs');
  const ids = bigIds(context, 'labs');
  const seedOf = (i: number): number => mix(seed, i + 1);
  const visitOf = (i: number): number => linked(context, table, i, visits.table, 7.5);
  const patientOf = (i: number): number => visits.patientOf(Math.max(visitOf(i), 0));
  const base = (i: number): boolean => i < table.spec.count;
  const createdOf = (i: number): number =>
    base(i) && mix(seedOf(i), 1) % 1500 === 3 ? LONG_AGO + (i % 50) * DAY : table.createdOf(i);
  const statusOf = (i: number): string => {
    if (permille(mix(seedOf(i), 2), 12)) return 'ORDER_ERROR';
    return table.asOf(i) - createdOf(i) < (2 + (mix(seedOf(i), 3) % 6)) * DAY ? 'PROCESSING' : 'COMPLETE';
  };
  const idOf = (i: number, place: number): number =>
    ID_BASE.components + (i * context.accounts + context.ordinal) * PLACES + place;

  const panelsOf = (i: number, done: boolean): Row[] => {
    const s = seedOf(i);
    const first = mix(s, 4) % PANELS.length;
    return Array.from({ length: 1 + (mix(s, 5) % 2) }, (_, n) => {
      const panel = PANELS[(first + n * 2) % PANELS.length] as (typeof PANELS)[number];
      return {
        id: ID_BASE.panels + (i * context.accounts + context.ordinal) * 2 + n,
        name: panel.name,
        components: panel.tests.map((test, t) => measure(test, mix(s, 50 + n * 16 + t), idOf(i, n * 16 + t), done)),
      };
    });
  };
  const done = (i: number): boolean => (table.patchOf(i)?.['status'] ?? statusOf(i)) === 'COMPLETE';

  const generate = (i: number): Row => {
    const s = seedOf(i);
    const created = createdOf(i);
    const status = statusOf(i);
    const entry = times.entryOn(i);
    const completed = Math.min(created + DAY + (mix(s, 6) % (3 * DAY)), table.asOf(i));
    const vendorType = pick(['IN_HOUSE', 'LABCORP', 'LABCORP', 'PRIME', 'BRIO', 'SPOTDX', 'OTHER'], mix(s, 7));
    return {
      id: ids.of(i),
      patientId: patients.idOf(patientOf(i)),
      patientName: patients.nameOf(patientOf(i)),
      locationId: locations[layout.locationOf(i)]?.id,
      appointmentId: permille(mix(s, 8), 400) || visitOf(i) < 0 ? null : visits.idOf(visitOf(i)),
      status,
      vendorType,
      drawnBy: permille(mix(s, 9), 200) ? null : pick(small.staffNames, mix(s, 10)),
      externalResult: vendorType !== 'IN_HOUSE',
      locked: status === 'COMPLETE' && permille(mix(s, 11), 800),
      manual: vendorType === 'IN_HOUSE',
      notes: permille(mix(s, 12), 750) ? null : pick(pools.sentences, mix(s, 13)),
      testPanels: panelsOf(i, done(i)),
      collectedOn: status === 'ORDER_ERROR' ? null : clock.utc(created - 1800),
      completedOn: status === 'COMPLETE' ? clock.utc(completed) : null,
      entryOn: entry === null ? null : clock.utc(entry),
      createdAt: times.createdAt(i) === null ? null : clock.utc(created),
      updatedAt: clock.utc(status === 'COMPLETE' ? completed : created),
    };
  };

  const times = {
    entryOn: (i: number) =>
      base(i) && mix(seedOf(i), 14) % 500 === 0 ? null : createdOf(i) - (mix(seedOf(i), 15) % 5400),
    createdAt: (i: number) => (base(i) && mix(seedOf(i), 16) % 500 === 0 ? null : createdOf(i)),
  };
  const table: Table = bigTable(context, patients, {
    kind: 'labs',
    resource: 'labs',
    count: Math.ceil(context.patients * 0.8),
    generate,
    times,
    quick: { status: statusOf },
    patientOf,
  });
  const components = new ChildTable({
    resource: 'lab_test_components',
    parent: table,
    base: ID_BASE.components,
    places: PLACES,
    accounts: context.accounts,
    ordinal: context.ordinal,
    generate: (i) => panelsOf(i, done(i)).flatMap((panel) => panel['components'] as Row[]),
  });
  return { table, components, panelsOf };
}
