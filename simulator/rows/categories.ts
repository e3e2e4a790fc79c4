import { ChildTable } from '../data/children.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { type AccountContext, type Catalogues, ID_BASE, kindSeed } from './context.ts';
import type { PatientFacts } from './patients.ts';

/** Category transitions, and the present category that follows from them. */
export interface CategoryFacts {
  transitions: ChildTable;
  /** The category record of a patient, or undefined when the patient has none. */
  categoryOf(patient: number): Row | undefined;
  /** Patients per category id over all living patients. */
  counts(): Map<number, number>;
  /** Moves a patient on and gives the id of the transition. */
  move(patient: number, toCategory: number, seconds: number, hash: number): number;
}

const PLACES = 4;

/** Categories of the patients of an account: no to three transitions each. */
export function makeCategoryFacts(context: AccountContext, small: Catalogues, patients: PatientFacts): CategoryFacts {
  const { clock } = context;
  const seed = kindSeed(context, 'transitions');
  const usable = small.categories.slice(0, -1);
  const indexOf = new Map(small.categories.map((category, at) => [category.id, at]));
  const moves = (s: number): number => {
    const h = mix(s, 1) % 100;
    return h < 35 ? 0 : h < 70 ? 1 : h < 90 ? 2 : 3;
  };
  /** Places of the categories that a patient passed, oldest first. */
  const path = (patient: number): number[] => {
    const s = mix(seed, patient + 1);
    const steps: number[] = [];
    for (let n = 0; n < moves(s); n += 1) {
      const before = steps.at(-1);
      const at = n === 0 && permille(mix(s, 2), 700) ? 0 : mix(s, 3 + n) % usable.length;
      steps.push(at === before ? (at + 1) % usable.length : at);
    }
    return steps;
  };

  const transitions = new ChildTable({
    resource: 'category_transitions',
    parent: patients.table,
    base: ID_BASE.transitions,
    places: PLACES,
    accounts: context.accounts,
    ordinal: context.ordinal,
    generate: (patient, idOf) => {
      const s = mix(seed, patient + 1);
      const created = patients.table.createdOf(patient);
      const span = Math.max(patients.table.asOf(patient) - created, 3);
      const steps = path(patient);
      return steps.map((to, n) => {
        const from = n === 0 ? undefined : usable[steps[n - 1] as number];
        const trigger = pick(['MANUAL', 'AUTOMATED', 'SYSTEM', 'API'], mix(s, 10 + n));
        const at = created + Math.floor((span * (n + (mix(s, 20 + n) % 900) / 1000)) / steps.length);
        return {
          id: idOf(n),
          patientId: patients.idOf(patient),
          fromCategoryId: from?.id ?? null,
          fromCategoryName: from?.name ?? null,
          toCategoryId: usable[to]?.id,
          toCategoryName: usable[to]?.name,
          trigger,
          reason: permille(mix(s, 30 + n), 400) ? null : 'Patient completed onboarding',
          changedBy: trigger === 'MANUAL' ? pick(small.staffNames, mix(s, 40 + n)) : null,
          transitionedAt: clock.utc(at),
        };
      });
    },
  });

  const placeOf = (patient: number): number => {
    const last = moved.get(patient) ?? path(patient).at(-1);
    if (last !== undefined) return last;
    return permille(mix(mix(seed, patient + 1), 50), 500) ? 0 : -1;
  };
  const moved = new Map<number, number>();

  const categoryOf = (patient: number): Row | undefined => {
    const place = placeOf(patient);
    if (place < 0) return undefined;
    const category = small.categories[place] as Catalogues['categories'][number];
    const last = transitions.rows(patient).at(-1);
    return {
      patientId: patients.idOf(patient),
      categoryId: category.id,
      categoryName: category.name,
      categoryColor: category.color,
      assignedAt: last === undefined ? clock.utc(patients.table.createdOf(patient)) : last['transitionedAt'],
      assignedBy: last?.['changedBy'] ?? 'System',
    };
  };
  return {
    transitions,
    categoryOf,
    counts: () => {
      const counts = new Map(small.categories.map((category) => [category.id, 0]));
      const { table } = patients;
      const { end } = table.extent(0);
      for (let patient = 0; patient < end; patient += 1) {
        const place = placeOf(patient);
        if (place < 0 || !table.alive(patient)) continue;
        const id = (small.categories[place] as Catalogues['categories'][number]).id;
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    },
    move: (patient, toCategory, seconds, hash) => {
      const from = placeOf(patient) < 0 ? undefined : small.categories[placeOf(patient)];
      const to = indexOf.get(toCategory) ?? 0;
      moved.set(patient, to);
      const trigger = permille(hash, 700) ? 'MANUAL' : 'AUTOMATED';
      return transitions.create(patient, {
        patientId: patients.idOf(patient),
        fromCategoryId: from?.id ?? null,
        fromCategoryName: from?.name ?? null,
        toCategoryId: small.categories[to]?.id,
        toCategoryName: small.categories[to]?.name,
        trigger,
        reason: permille(mix(hash, 1), 500) ? null : 'Moved on',
        changedBy: trigger === 'MANUAL' ? pick(small.staffNames, mix(hash, 2)) : null,
        transitionedAt: clock.utc(seconds),
      });
    },
  };
}
