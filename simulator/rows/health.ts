import { ChildTable } from '../data/children.ts';
import type { Row } from '../data/types.ts';
import { ALLERGIES, MEDICATIONS, PROBLEMS } from '../medical.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import { type AccountContext, type Catalogues, ID_BASE, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

const PLACES = 8;

/** The three lists of a patient's health profile. */
export interface HealthFacts {
  allergies: ChildTable;
  medications: ChildTable;
  problems: ChildTable;
  /** A new entry of one of the lists, without id. */
  fresh(kind: HealthKind, patient: number, hash: number, at: number): Row;
}

/** The lists of a health profile. */
export type HealthKind = 'allergies' | 'medications' | 'problems';

/** Allergies, medications and problems: none to four each per patient. */
export function makeHealth(context: AccountContext, small: Catalogues, patients: PatientFacts): HealthFacts {
  const { clock, pools } = context;

  const common = (patient: number, s: number, created: number, asOf: number, statuses: readonly string[]): Row => {
    const status = permille(mix(s, 1), 720) ? 'ACTIVE' : pick(statuses, mix(s, 2));
    const updated = Math.min(created + (mix(s, 3) % (200 * DAY)), asOf);
    const began = Math.floor(created / DAY) - (mix(s, 4) % 2000);
    const ended = status === 'ACTIVE' || status === 'UNKNOWN' ? null : clock.date(Math.floor(updated / DAY));
    return {
      patientId: patients.idOf(patient),
      status,
      active: status === 'ACTIVE',
      began: permille(mix(s, 5), 200) ? null : clock.date(began),
      endDate: ended,
      comment: permille(mix(s, 6), 700) ? null : pick(pools.sentences, mix(s, 7)),
      createdAt: clock.utc(created),
      createdBy: pick(small.staffNames, mix(s, 8)),
      updatedAt: clock.utc(updated),
      updatedBy: pick(small.staffNames, mix(s, 9)),
    };
  };

  const make: Record<HealthKind, (patient: number, s: number, created: number, asOf: number) => Row> = {
    allergies: (patient, s, created, asOf) => {
      const [allergy, reaction, referenceId] = pick(ALLERGIES, mix(s, 10));
      const { began, ...rest } = common(patient, s, created, asOf, ['RESOLVED', 'RESOLVED', 'UNKNOWN']);
      return {
        ...rest,
        allergy,
        mainReaction: permille(mix(s, 11), 150) ? null : reaction,
        severity: pick(['SEVERE', 'MODERATE', 'MILD', 'UNKNOWN'], mix(s, 12)),
        onsetDate: began,
        referenceId: permille(mix(s, 13), 250) ? null : referenceId,
      };
    },
    medications: (patient, s, created, asOf) => {
      const [medication, dosage, dosageInstructions, referenceId] = pick(MEDICATIONS, mix(s, 10));
      const { began, ...rest } = common(patient, s, created, asOf, ['COMPLETED', 'DISCONTINUED', 'UNKNOWN']);
      return {
        ...rest,
        medication,
        dosage,
        dosageInstructions: permille(mix(s, 11), 150) ? null : dosageInstructions,
        startDate: began,
        referenceId: permille(mix(s, 13), 250) ? null : referenceId,
      };
    },
    problems: (patient, s, created, asOf) => {
      const [icd10Code, problem, referenceId] = pick(PROBLEMS, mix(s, 10));
      const { began, ...rest } = common(patient, s, created, asOf, ['RESOLVED', 'RESOLVED', 'UNKNOWN']);
      return {
        ...rest,
        problem,
        icd10Code: permille(mix(s, 12), 50) ? null : icd10Code,
        onsetDate: began,
        referenceId: permille(mix(s, 13), 250) ? null : referenceId,
      };
    },
  };

  const table = (kind: HealthKind): ChildTable => {
    const seed = kindSeed(context, kind);
    return new ChildTable({
      resource: kind,
      parent: patients.table,
      base: ID_BASE[kind],
      places: PLACES,
      accounts: context.accounts,
      ordinal: context.ordinal,
      generate: (patient, idOf) => {
        const s = mix(seed, patient + 1);
        const h = mix(s, 1) % 100;
        const count = h < 40 ? 0 : h < 70 ? 1 : h < 86 ? 2 : h < 95 ? 3 : 4;
        const created = patients.table.createdOf(patient);
        const asOf = patients.table.asOf(patient);
        return Array.from({ length: count }, (_, n) => {
          const at = Math.min(created + (mix(s, 10 + n) % (300 * DAY)), asOf);
          return { id: idOf(n), ...make[kind](patient, mix(s, 20 + n), at, asOf) };
        });
      },
    });
  };
  return {
    allergies: table('allergies'),
    medications: table('medications'),
    problems: table('problems'),
    fresh: (kind, patient, hash, at) => make[kind](patient, hash, at, at),
  };
}
