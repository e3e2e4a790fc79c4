import type { Builder } from './builder.ts';
import { CITIES, FIRST_NAMES, LAST_NAMES, NOTES, STREETS } from './names.ts';

/** What a new account's records refer to. */
export interface AccountParts {
  readonly accountId: number;
  readonly locationIds: readonly number[];
  readonly staffIds: readonly number[];
  readonly typeIds: readonly number[];
  readonly categoryIds: readonly number[];
}

/** Records that belong to no account. */
export function addGlobals({ world, at }: Builder): void {
  for (const name of ['Front desk', 'Practitioner', 'Billing', 'Owner']) {
    world.roleGroups.add({ name, description: name === 'Owner' ? null : `May work as ${name.toLowerCase()}` });
  }
  for (const eventType of ['test.ping', 'form-packet.created', 'form-packet.updated', 'patient.updated']) {
    world.eventTypes.add({ eventType, description: eventType === 'test.ping' ? null : `Sent on ${eventType}` });
  }
  world.webhooks.add(webhook('https://all.example.test/hooks', at(-90, -2)));
}

function webhook(url: string, createdAt: string): Record<string, unknown> {
  return {
    url,
    name: 'Mirror',
    eventTypes: ['form-packet.updated', 'test.ping'],
    enabled: true,
    lastDelivery: { eventId: 'evt_9f', status: 'SUCCEEDED', attemptedAt: createdAt, responseStatus: 204 },
    createdAt,
    updatedAt: createdAt,
  };
}

/** Locations, staff, types, categories and the CRM of one account. */
export function addAccount(builder: Builder, accountId: number, locations: number): AccountParts {
  const { world, random, at, date, stamps } = builder;
  const home = { accountId };
  const locationIds = Array.from({ length: locations }, (_, index) => {
    const { city, state, zone, postalCode } = random.pick(CITIES);
    return world.locations.add(
      {
        name: `${city} House ${index + 1}`,
        active: index !== 1 || locations < 3,
        storeId: random.maybe(`s/${accountId}-${index}`),
        phoneNumber: random.digits(10),
        timeZone: zone,
        address: { address1: `${random.int(1, 999)} ${random.pick(STREETS)}`, address2: null, city, state, postalCode },
        ...stamps(-1500),
      },
      home,
    );
  });
  const roleIds = world.roleGroups.keys();
  const staffIds = Array.from({ length: 5 }, (_, index) => {
    const name = { firstName: random.pick(FIRST_NAMES), lastName: random.pick(LAST_NAMES) };
    return world.staff.add(
      {
        ...name,
        email: random.maybe(`staff${index}@house.example.test`),
        active: index !== 4,
        isPractitioner: index < 3,
        credentials: index < 3 ? random.pick(['MD', 'NP', 'RN']) : null,
        npi: index < 3 ? random.digits(10) : null,
        specialties: random.maybe(['Sleep', 'Endocrinology'].slice(0, random.int(0, 2))),
        licenses: index < 3 ? [{ number: random.digits(7), state: 'TX', expiresOn: date(30, 900) }] : [],
        locationIds,
        roleGroupIds: [random.pick(roleIds)],
        ...stamps(-1500),
      },
      home,
    );
  });
  const typeIds = ['First visit', 'Follow-up', 'Vidéo'].map((name, index) =>
    world.appointmentTypes.add(
      {
        name,
        description: random.maybe(random.pick(NOTES)),
        instructions: null,
        durationMinutes: [60, 20, 35][index],
        telehealth: index === 2,
        color: '#0aF1c3',
        active: true,
        ...stamps(-1500),
      },
      home,
    ),
  );
  const categoryIds = ['Prospect', 'In care', 'Paused', 'Alumni'].map((name, index) =>
    world.categories.add(
      {
        name,
        description: random.maybe(`People who are: ${name}`),
        color: '#A0b1C2',
        active: index !== 2,
        isDefault: index === 0,
        patientCount: random.int(1, 50),
        sortOrder: (index + 1) * 10,
        ...stamps(-1500),
      },
      home,
    ),
  );
  for (const pipeline of ['Walk-ins', 'Referrals']) {
    const groupId = world.crmStatusGroups.add(
      { name: pipeline, description: null, active: true, ...stamps(-1500) },
      home,
    );
    for (const [index, name] of ['Asked', 'Called back', 'Won', 'Lost'].entries()) {
      world.crmStatuses.add(
        {
          groupId,
          name,
          description: random.maybe('see handbook'),
          color: random.maybe('#12ab9F'),
          order: index,
          isTerminal: index > 1,
          active: true,
          ...stamps(-1500),
        },
        { ...home, parentId: groupId },
      );
    }
  }
  world.webhooks.add(webhook(`https://a${accountId}.example.test/hooks?token=%2B`, at(-90, -2)), home);
  return { accountId, locationIds, staffIds, typeIds, categoryIds };
}
