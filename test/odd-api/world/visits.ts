import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';
import { personName } from './builder.ts';
import { NOTES } from './names.ts';

const STATUSES = ['SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'CHECKED_OUT', 'CANCELLED', 'NO_SHOW', 'VOIDED'] as const;

/** A visit; answers its id. */
export function addVisit(builder: Builder, parts: AccountParts, locationId: number, patientId: number): number {
  const { world, random, now, stamps } = builder;
  const appointmentTypeId = random.pick(parts.typeIds);
  const durationMinutes = world.appointmentTypes.get(appointmentTypeId)['durationMinutes'] as number;
  const start = Math.floor(now / 300_000) * 300_000 + random.int(-200 * 288, 60 * 288) * 300_000;
  return world.appointments.add(
    {
      patientId,
      practitionerId: random.pick(parts.staffIds.slice(0, 3)),
      locationId,
      appointmentTypeId,
      startTime: new Date(start).toISOString(),
      endTime: new Date(start + durationMinutes * 60_000).toISOString(),
      durationMinutes,
      status: start > now ? random.pick(STATUSES.slice(0, 2)) : random.pick(STATUSES),
      note: random.maybe(random.pick(NOTES)),
      ...stamps(-260),
    },
    { accountId: parts.accountId, locationId },
  );
}

/** A lab order; one in three has no panels yet. */
export function addLab(
  { world, random, at, stamps }: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
  appointmentId: number | null,
): void {
  const complete = random.chance(0.7);
  const component = () => ({
    id: random.int(1, 2 ** 45),
    name: random.pick(['Glucose', 'HbA1c', 'TSH', 'β-hCG']),
    externalId: random.maybe(random.digits(4)),
    value: random.pick(['<0.01', '95', '1,5', 'negative', '7.0 ']),
    unit: random.maybe('µmol/L'),
    referenceLow: random.maybe('0.4'),
    referenceHigh: random.maybe('>60'),
    referenceText: random.maybe('see lab', 0.8),
    abnormalFlag: random.maybe(random.pick(['BELOW_NORMAL', 'WITHIN_NORMAL', 'ABOVE_NORMAL'])),
    resultStatus: random.pick(['PRELIMINARY', 'FINAL', 'CORRECTED']),
  });
  const panels = Array.from({ length: complete ? random.int(1, 2) : 0 }, () => ({
    id: random.maybe(random.int(1, 2 ** 33)),
    name: random.pick(['Metabolic', 'Thyroid']),
    components: Array.from({ length: random.int(1, 3) }, component),
  }));
  const collectedOn = at(-150, -4);
  world.labs.add(
    {
      patientId,
      patientName: personName(world.patients.get(patientId)),
      locationId,
      appointmentId,
      status: complete ? 'COMPLETE' : random.pick(['PROCESSING', 'ORDER_ERROR']),
      vendorType: random.pick(['IN_HOUSE', 'LABCORP', 'BRIO', 'OTHER']),
      drawnBy: random.maybe('Anwen Xu'),
      externalResult: random.chance(0.5),
      locked: complete,
      manual: false,
      notes: random.maybe(random.pick(NOTES)),
      testPanels: panels.length === 0 ? null : panels,
      collectedOn,
      completedOn: complete ? at(-3, 0) : null,
      entryOn: collectedOn,
      ...stamps(-150),
    },
    { accountId: parts.accountId, locationId },
  );
}
