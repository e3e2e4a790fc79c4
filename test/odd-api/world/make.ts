import { Random } from '../random.ts';
import { addAccount, addGlobals } from './account.ts';
import type { Builder } from './builder.ts';
import { builderOf } from './builder.ts';
import { addBookingDesk, addRemoteCare } from './desk.ts';
import { addPacket, addTemplates } from './forms.ts';
import { addMessages } from './messages.ts';
import { addInvoice, addPaymentRequest, addPlan } from './money.ts';
import { addPatient } from './people.ts';
import { addLab, addVisit } from './visits.ts';
import type { World } from './world.ts';
import { emptyWorld } from './world.ts';

export interface WorldOptions {
  readonly seed: number | string;
  /** Patients of each account. */
  readonly patients: number;
  readonly accounts: number;
  /** Locations of each account. */
  readonly locations: number;
  readonly clock: () => number;
}

/** A world of invented data. The same seed and time make the same one. */
export function makeWorld(options: WorldOptions): World {
  const random = new Random(options.seed);
  const accountIds = Array.from(
    { length: options.accounts },
    (_, index) => 60_000 + index * 7_013 + random.int(1, 999),
  );
  const world = emptyWorld(options.seed, accountIds, options.clock);
  const builder = builderOf(world, random, options.clock());
  addGlobals(builder);
  for (const accountId of accountIds) fillAccount(builder, accountId, options);
  return world;
}

function fillAccount(builder: Builder, accountId: number, options: WorldOptions): void {
  const { world, random } = builder;
  const parts = addAccount(builder, accountId, options.locations);
  const templates = new Map(parts.locationIds.map((id) => [id, addTemplates(builder, parts, id)]));
  for (const locationId of parts.locationIds) addRemoteCare(builder, parts, locationId);
  for (let count = 0; count < options.patients; count += 1) {
    const patientId = addPatient(builder, parts);
    const locationId = random.pick(parts.locationIds);
    const appointmentId = random.chance(0.8) ? addVisit(builder, parts, locationId, patientId) : null;
    if (random.chance(0.5)) addVisit(builder, parts, random.pick(parts.locationIds), patientId);
    if (random.chance(0.5)) addPacket(builder, parts, locationId, patientId, templates.get(locationId) ?? []);
    if (random.chance(0.4)) addLab(builder, parts, locationId, patientId, appointmentId);
    if (random.chance(0.2)) addPlan(builder, parts, locationId, patientId);
    if (appointmentId !== null && random.chance(0.6)) {
      addMessages(builder, parts, locationId, patientId, { appointmentId });
    }
    if (random.chance(0.6)) {
      const invoiceId = addInvoice(builder, parts, locationId, patientId, appointmentId);
      if (random.chance(0.5)) {
        const paymentRequestId = addPaymentRequest(builder, parts, locationId, patientId, invoiceId);
        addMessages(builder, parts, locationId, patientId, { paymentRequestId });
      }
    }
  }
  addBookingDesk(builder, parts, world.patients.in({ accountId })[0]?.key ?? null);
}
