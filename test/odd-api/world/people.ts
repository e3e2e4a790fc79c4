import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';
import { personName } from './builder.ts';
import type { Row } from './collection.ts';
import { CITIES, FIRST_NAMES, LAST_NAMES, NOTES, STREETS } from './names.ts';

/** A patient with category, history and health profile; answers the id. */
export function addPatient(builder: Builder, parts: AccountParts): number {
  const { world, random, date, stamps } = builder;
  const home = { accountId: parts.accountId };
  const name = { firstName: random.pick(FIRST_NAMES), lastName: random.pick(LAST_NAMES) };
  const stamped = random.chance(0.8);
  const patientId = world.patients.add(
    {
      ...name,
      dateOfBirth: random.maybe(date(-32_000, -2_000), 0.05),
      email: random.maybe(`p.${random.digits(8)}@Mail.example.test`, 0.2),
      mobilePhone: random.maybe(`1${random.digits(10)}`, 0.2),
      gender: random.maybe(random.pick(['female', 'male', 'non-binary', 'asked but unknown'])),
      homeAddress: random.maybe(address(builder)),
      mailingAddress: random.maybe(address(builder), 0.8),
      // A fifth has no stamps, since no page documents them.
      ...(stamped ? stamps(-1200) : {}),
    },
    home,
  );
  addCategory(builder, parts, patientId);
  addHealth(builder, parts, patientId);
  return patientId;
}

function address({ random }: Builder): Row {
  const { city, state, postalCode } = random.pick(CITIES);
  return {
    line1: `${random.int(1, 4000)} ${random.pick(STREETS)}`,
    line2: random.maybe('Apt. ½', 0.7),
    city,
    stateRegion: state,
    postalCode,
  };
}

function addCategory({ world, random, at }: Builder, parts: AccountParts, patientId: number): void {
  const home = { accountId: parts.accountId, parentId: patientId };
  let from: number | null = null;
  let when = at(-900, -400);
  for (let step = random.int(0, 4); step > 0; step -= 1) {
    const to = random.pick(parts.categoryIds);
    world.transitions.add(
      {
        patientId,
        fromCategoryId: from,
        fromCategoryName: from === null ? null : world.categories.get(from)['name'],
        toCategoryId: to,
        toCategoryName: world.categories.get(to)['name'],
        trigger: random.pick(['MANUAL', 'AUTOMATED', 'SYSTEM', 'API']),
        reason: random.maybe(random.pick(NOTES), 0.6),
        changedBy: random.maybe('Bram Tremaine', 0.6),
        transitionedAt: when,
      },
      home,
    );
    from = to;
    when = new Date(Date.parse(when) + random.int(3_600, 9_000_000) * 1000).toISOString();
  }
  const category = from === null ? undefined : world.categories.get(from);
  world.patientCategories.addAt(
    patientId,
    {
      patientId,
      categoryId: from,
      categoryName: category?.['name'] ?? null,
      categoryColor: category?.['color'] ?? null,
      assignedAt: from === null ? null : when,
      assignedBy: from === null ? null : 'System',
    },
    home,
  );
}

function addHealth({ world, random, date, stamps }: Builder, parts: AccountParts, patientId: number): void {
  const home = { accountId: parts.accountId, parentId: patientId };
  const by = personName(world.staff.get(parts.staffIds[0] as number));
  const common = (ended: boolean): Row => ({
    patientId,
    active: !ended,
    endDate: ended ? date(-200, -5) : null,
    comment: random.maybe(random.pick(NOTES), 0.7),
    referenceId: random.maybe(random.digits(8)),
    ...stamps(),
    createdBy: by,
    updatedBy: random.maybe(by),
  });
  for (let count = random.int(0, 2); count > 0; count -= 1) {
    const ended = random.chance(0.2);
    world.allergies.add(
      {
        allergy: random.pick(['Peanut', 'Latex', 'Cat hair', 'Sulfa']),
        mainReaction: random.maybe('Hives'),
        severity: random.pick(['SEVERE', 'MODERATE', 'MILD', 'UNKNOWN']),
        status: ended ? 'RESOLVED' : 'ACTIVE',
        onsetDate: random.maybe(date(-4000, -300)),
        ...common(ended),
      },
      home,
    );
  }
  for (let count = random.int(0, 3); count > 0; count -= 1) {
    const ended = random.chance(0.3);
    world.medications.add(
      {
        medication: random.pick(['Metformin', 'Levothyroxine', 'Vitamin D₃', 'Ibuprofen']),
        dosage: random.maybe('0.5 mg'),
        dosageInstructions: random.maybe('1 × daily, ≥ 30 min before food'),
        status: ended ? 'COMPLETED' : 'ACTIVE',
        startDate: date(-900, -250),
        ...common(ended),
      },
      home,
    );
  }
  for (let count = random.int(0, 2); count > 0; count -= 1) {
    const ended = random.chance(0.3);
    world.problems.add(
      {
        problem: random.pick(['Asthma', 'Migraine', 'Type 2 diabetes mellitus']),
        icd10Code: random.maybe(random.pick(['J45.909', 'G43.9', 'E11.9'])),
        status: ended ? 'RESOLVED' : 'ACTIVE',
        onsetDate: random.maybe(date(-4000, -300)),
        ...common(ended),
      },
      home,
    );
  }
}
