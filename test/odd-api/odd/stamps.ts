import { wallTime, zoneOffset } from '../wire/instants.ts';
import type { Picked } from './pick.ts';
import { perField } from './pick.ts';
import type { Odd } from './types.ts';

type Stamp = Picked & { field?: string };

export const stampKinds = {
  /** The stamp is moved, back by default by a day: a backup was restored. */
  'stamp-shift': ({ field = 'updatedAt', ms = -86_400_000, ...picked }: Stamp & { ms?: number }): Odd =>
    perField(picked, field, (value) => new Date(Date.parse(String(value)) + ms).toISOString()),

  /** One stamp for all, by default one that no later stamp can pass. */
  'stamp-fixed': ({
    field = 'updatedAt',
    value = '9999-12-31T23:59:59Z',
    ...picked
  }: Stamp & { value?: string }): Odd => perField(picked, field, () => value),

  /** The time of a wall clock, without its offset: one hour of the year comes twice. */
  'stamp-local': ({ field = 'updatedAt', zone = 'America/New_York', ...picked }: Stamp & { zone?: string }): Odd =>
    perField(picked, field, (value) => {
      const time = Date.parse(String(value));
      return wallTime(time, zoneOffset(zone, time), 0);
    }),
};
