import type { Picked } from './pick.ts';
import { perRecord } from './pick.ts';
import type { Odd } from './types.ts';

/** Path parameters by which a record itself is named, the last of a path. */
function ownParam(params: Readonly<Record<string, number>>): string {
  return Object.keys(params).at(-1) ?? '';
}

export const otherKinds = {
  /** Records that say they belong to somebody or somewhere else than the path. */
  'foreign-rows': ({
    field = 'patientId',
    value,
    ...picked
  }: Picked & { field?: 'patientId' | 'accountId' | 'locationId'; value: number }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: value })),

  /** A record that was merged: whatever names the old id is answered as if it had named the new one. */
  merged: ({ oldId, newId }: { oldId: number; newId: number }): Odd => ({
    handle: (call, next) => {
      const param = ownParam(call.params);
      if (call.params[param] === oldId) call.params[param] = newId;
      return next();
    },
  }),
};
