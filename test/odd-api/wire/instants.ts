import { hash } from '../random.ts';

const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export function isInstant(value: unknown): value is string {
  return typeof value === 'string' && CANONICAL.test(value);
}

/** An instant as a clock with that offset shows it, without the offset itself. */
export function wallTime(time: number, offsetMinutes: number, digits: number): string {
  const shown = new Date(time + offsetMinutes * 60_000).toISOString();
  const fraction = shown.slice(20, 23).padEnd(digits, '0').slice(0, digits);
  return digits === 0 ? shown.slice(0, 19) : `${shown.slice(0, 19)}.${fraction}`;
}

export function offsetText(minutes: number): string {
  const whole = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

/** One of the legal forms of an instant, always the same for the same field of the same record. */
export function legalForm(instant: string, habit: string): string {
  const time = Date.parse(instant);
  const exact = time % 1000 === 0 ? 0 : 3;
  switch (hash(habit) % 6) {
    case 0:
      return `${wallTime(time, 0, exact)}Z`;
    case 1:
      return `${wallTime(time, 0, 3)}Z`;
    case 2:
      return `${wallTime(time, 0, 6)}+00:00`;
    case 3:
      return `${wallTime(time, -300, exact)}-05:00`;
    case 4:
      return `${wallTime(time, 345, 3)}+05:45`;
    default:
      return `${wallTime(time, 0, 7)}Z`;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes that a zone is ahead of UTC at some time. */
export function zoneOffset(zone: string, time: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
  }
  const name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** With the offset of a place, as visits carry it. */
export function inZone(instant: string, zone: string): string {
  const time = Date.parse(instant);
  const offset = zoneOffset(zone, time);
  return `${wallTime(time, offset, 0)}${offsetText(offset)}`;
}
