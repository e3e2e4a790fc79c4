import type { Kind } from '../world/world.ts';
import type { Picked } from './pick.ts';
import { perRecord } from './pick.ts';
import type { Odd } from './types.ts';

/** Path parameters by which a record itself is named, the last of a path. */
function ownParam(params: Readonly<Record<string, number>>): string {
  return Object.keys(params).at(-1) ?? '';
}

/** Kinds by the path parameter that names one of their records. */
const OWNERS: Readonly<Record<string, Kind>> = {
  patientId: 'patients',
  locationId: 'locations',
  formPacketId: 'formPackets',
  staffId: 'staff',
  appointmentId: 'appointments',
};

export const otherKinds = {
  /** Records that say they belong to somebody or somewhere else than the path. */
  'foreign-rows': ({
    field = 'patientId',
    value,
    ...picked
  }: Picked & { field?: 'patientId' | 'accountId' | 'locationId'; value: number }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: value })),

  /** Another record of the same kind and account in place of the one that the path names, as a cache under a wrong key has it. */
  'other-record': (_settings: object): Odd => ({
    handle: (call, next) => {
      const param = ownParam(call.params);
      const kind = OWNERS[param];
      const entry = kind === undefined ? undefined : call.world[kind].find(call.params[param] ?? 0);
      if (kind !== undefined && entry !== undefined) {
        const others = call.world[kind].in(entry.home);
        const at = others.findIndex(({ key }) => key === entry.key);
        call.params[param] = others[(at + 1) % others.length]?.key ?? entry.key;
      }
      return next();
    },
  }),

  /** A record that was merged: whatever names the old id is answered as if it had named the new one. */
  merged: ({ oldId, newId }: { oldId: number; newId: number }): Odd => ({
    handle: (call, next) => {
      const param = ownParam(call.params);
      if (call.params[param] === oldId) call.params[param] = newId;
      return next();
    },
  }),
};
