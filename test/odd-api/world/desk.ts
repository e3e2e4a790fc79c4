import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';

/** Remote care of one location: services and the setting. */
export function addRemoteCare({ world, random, stamps }: Builder, parts: AccountParts, locationId: number): void {
  const home = { accountId: parts.accountId, locationId };
  for (const [index, name] of ['Sleep coaching', 'Second opinion'].entries()) {
    world.services.add(
      {
        name,
        description: random.maybe('by video'),
        active: index === 0,
        appointmentTypeId: random.pick(parts.typeIds),
        priceCents: 1_999 + index,
        priceDisplay: index === 0 ? '$19.99' : '$20.00',
        sortOrder: index,
        ...stamps(),
      },
      home,
    );
  }
  world.remoteCareSettings.addAt(
    locationId,
    {
      // Every second one has no id, as the contract allows.
      id: locationId % 2 === 0 ? locationId * 3 : null,
      locationId,
      active: true,
      defaultStaffId: random.pick(parts.staffIds),
      selfSchedulingSettingIds: [],
      ...stamps(),
    },
    home,
  );
}

/** Self-scheduling, one proof, one attempt and one conversion: reachable by known id only. */
export function addBookingDesk({ world, at, stamps }: Builder, parts: AccountParts, patientId: number | null): void {
  const home = { accountId: parts.accountId };
  const settingId = world.selfSchedulingSettings.add(
    {
      name: 'Widget',
      active: true,
      appointmentTypeIds: parts.typeIds,
      appointmentTypeSelectable: true,
      appointmentTypeVisible: true,
      fixedAppointmentTypeId: null,
      locationIds: parts.locationIds,
      locationSelectable: true,
      locationVisible: true,
      fixedLocationId: null,
      practitionerIds: parts.staffIds.slice(0, 3),
      forwardBookingLimit: 6,
      forwardBookingLimitActive: true,
      forwardBookingLimitUnit: 'WEEKS',
      afterwardBookingLimit: null,
      afterwardBookingLimitActive: false,
      afterwardBookingLimitUnit: null,
      practitionerSelectable: true,
      practitionerVisible: true,
      verificationMethod: 'EMAIL',
      schedulerConfigs: [{ id: 101, practitionerId: parts.staffIds[0], locationIds: parts.locationIds, active: true }],
    },
    home,
  );
  const proofId = world.identityProofs.add(
    {
      verificationMethod: 'EMAIL_AND_SMS',
      isVerified: false,
      verifiedEmail: null,
      verifiedPhone: null,
      createdAt: at(-2, 0),
      missingVerifications: ['EMAIL', 'SMS'],
    },
    home,
  );
  const attempt = { selfSchedulingSettingId: settingId, identityProofId: proofId, isVerified: false };
  world.attempts.add(patientId === null ? attempt : { ...attempt, patientId }, home);
  for (const locationId of parts.locationIds) {
    world.conversions.add(
      { locationId, status: 'STARTED', patientId: null, patient: null, serviceIds: [], ...stamps(-9) },
      { ...home, locationId },
    );
  }
}
