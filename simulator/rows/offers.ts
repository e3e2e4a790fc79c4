import type { Entry } from '../data/catalogue.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { type AccountContext, type Catalogues, kindSeed, money } from './context.ts';
import { smallIds, stamps } from './small.ts';

/** Remote care services of every location. */
export function makeServices(context: AccountContext, small: Catalogues): Entry[] {
  const ids = smallIds(context, 'services');
  const names = [
    'Weight loss consultation',
    'Hormone panel review',
    'Primary care video visit',
    'Medication refill',
    'Skin consult',
  ];
  return context.locations.flatMap((_place, location) =>
    names.map((name, i) => {
      const s = mix(kindSeed(context, 'services'), location * 100 + i);
      const priceCents = permille(mix(s, 1), 100) ? null : 2900 + (mix(s, 2) % 200) * 100;
      const row = {
        id: ids.of(location * names.length + i),
        name,
        description: permille(mix(s, 3), 250) ? null : 'Video visit with a practitioner',
        active: !permille(mix(s, 4), 150),
        appointmentTypeId: pick(small.appointmentTypes, mix(s, 5)).id,
        priceCents,
        priceDisplay: priceCents === null ? null : money(priceCents),
        sortOrder: i + 1,
        ...stamps(context, mix(s, 6)),
      };
      return { row, location };
    }),
  );
}

/** Self-scheduling settings: one per location and an inactive one. */
export function makeSchedulingSettings(context: AccountContext, small: Catalogues): Row[] {
  const ids = smallIds(context, 'schedulingSettings');
  const configIds = smallIds(context, 'schedulerConfigs');
  const locations = [...context.locations, context.locations[0] as (typeof context.locations)[number]];
  return locations.map((place, i) => {
    const s = mix(kindSeed(context, 'settings'), i);
    const practitioners = small.practitioners.filter((_p, n) => (n + i) % 3 === 0).slice(0, 5);
    const types = small.appointmentTypes.filter((_t, n) => (n + i) % 4 === 0);
    const typeIds = types.map((type) => type.id);
    const selectable = !permille(mix(s, 1), 200);
    return {
      id: ids.of(i),
      name: i === context.locations.length ? 'Old widget' : `${place.name} booking`,
      active: i !== context.locations.length,
      appointmentTypeIds: typeIds,
      appointmentTypeSelectable: selectable,
      appointmentTypeVisible: true,
      fixedAppointmentTypeId: selectable ? null : typeIds[0],
      locationIds: [place.id],
      locationSelectable: false,
      locationVisible: true,
      fixedLocationId: place.id,
      practitionerIds: practitioners.map((p) => p.id),
      forwardBookingLimit: 60,
      forwardBookingLimitActive: true,
      forwardBookingLimitUnit: 'DAYS',
      afterwardBookingLimit: 2,
      afterwardBookingLimitActive: i % 2 === 0,
      afterwardBookingLimitUnit: 'HOURS',
      practitionerSelectable: i % 2 === 0,
      practitionerVisible: true,
      verificationMethod: pick(['EMAIL', 'SMS', 'EMAIL_AND_SMS'], i),
      schedulerConfigs: practitioners.map((p, n) => ({
        id: configIds.of(i * 8 + n),
        practitionerId: p.id,
        locationIds: [place.id],
        appointmentTypeIds: typeIds,
        active: true,
      })),
    };
  });
}

/** Remote care settings, one per location, each naming the location's self-scheduling setting. */
export function makeRemoteCareSettings(context: AccountContext, small: Catalogues, settings: readonly Row[]): Entry[] {
  const ids = smallIds(context, 'remoteCareSettings');
  return context.locations.map((place, location) => ({
    location,
    row: {
      id: ids.of(location),
      locationId: place.id,
      active: location !== 2,
      defaultStaffId: pick(small.practitioners, location).id,
      selfSchedulingSettingIds: [settings[location]?.['id']],
      ...stamps(context, mix(kindSeed(context, 'remoteCare'), location)),
    },
  }));
}

/** Event types that can be subscribed to. */
export function makeEventTypes(): Row[] {
  const types: [string, string | null][] = [
    ['test.ping', 'Connectivity check with sample data'],
    ['form-packet.created', 'A form packet was assigned'],
    ['form-packet.updated', 'A form packet changed'],
    ['patient.created', 'A patient was added'],
    ['patient.updated', null],
    ['appointment.created', 'A visit was booked'],
    ['appointment.updated', 'A visit was changed'],
    ['invoice.updated', null],
    ['payment-request.updated', 'A payment request changed'],
    ['lab.updated', 'Results came in'],
  ];
  return types.map(([eventType, description]) => ({ eventType, description }));
}

/** Webhook endpoints registered at the start. */
export function makeWebhooks(
  context: Pick<AccountContext, 'clock' | 'present'>,
  ids: (i: number) => number,
  count: number,
): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    id: ids(i),
    url: `https://hooks.example.com/lobbie/${String(ids(i))}`,
    name: i === 0 ? 'Data sync' : null,
    eventTypes: i === 0 ? ['form-packet.created', 'form-packet.updated'] : ['patient.created'],
    enabled: i === 0,
    lastDelivery:
      i === 0
        ? {
            eventId: `evt_${String(ids(i))}`,
            status: 'SUCCEEDED',
            attemptedAt: context.clock.utc(context.present - 7200),
            responseStatus: 200,
          }
        : null,
    createdAt: context.clock.utc(context.present - 9_000_000),
    updatedAt: context.clock.utc(context.present - 8_000_000),
  }));
}
