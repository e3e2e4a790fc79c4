/** Seconds of a day. */
export const DAY = 86_400;

const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));

/** Time zones of the simulated locations: standard offset in minutes, and whether summer time is kept. */
const ZONES: Record<string, { standard: number; summer: boolean }> = {
  'America/New_York': { standard: -300, summer: true },
  'America/Chicago': { standard: -360, summer: true },
  'America/Denver': { standard: -420, summer: true },
  'America/Phoenix': { standard: -420, summer: false },
  'America/Los_Angeles': { standard: -480, summer: true },
  'America/Anchorage': { standard: -540, summer: true },
  'Pacific/Honolulu': { standard: -600, summer: false },
};

/** Names of the known zones, in a fixed order. */
export const ZONE_NAMES: readonly string[] = Object.keys(ZONES);

/** A formatter of days, remembering what it made: row generation formats millions of instants. */
function dayFormatter(): (day: number) => string {
  const made = new Map<number, string>();
  return (day) => {
    let text = made.get(day);
    if (text === undefined) {
      text = new Date(day * DAY * 1000).toISOString().slice(0, 10);
      made.set(day, text);
    }
    return text;
  };
}

function nthSunday(year: number, month: number, nth: number): number {
  const first = Date.UTC(year, month, 1) / 1000 / DAY;
  const weekday = (first + 4) % 7;
  return first + ((7 - weekday) % 7) + (nth - 1) * 7;
}

/** Converts and prints instants given in whole seconds. One per program part; holds only caches. */
export class Clockwork {
  #day = dayFormatter();
  #summers = new Map<number, [number, number]>();

  /** `2025-01-10` of a day number since 1970. */
  date(day: number): string {
    return this.#day(day);
  }

  /** `2025-01-10T14:30:00Z`. */
  utc(sec: number): string {
    return `${this.#wall(sec)}Z`;
  }

  /** `2025-01-10T09:30:00-05:00` in the zone of a location. */
  local(sec: number, zone: string): string {
    const offset = this.offset(sec, zone);
    const size = Math.abs(offset);
    return `${this.#wall(sec + offset * 60)}${offset < 0 ? '-' : '+'}${TWO[Math.floor(size / 60)]}:${TWO[size % 60]}`;
  }

  /** Offset from UTC in minutes at an instant. US rule since 2007: second Sunday of March to first of November, 02:00. */
  offset(sec: number, zone: string): number {
    const rule = ZONES[zone];
    if (rule === undefined) throw new Error(`Unknown time zone ${zone}`);
    if (!rule.summer) return rule.standard;
    const year = new Date((sec + rule.standard * 60) * 1000).getUTCFullYear();
    let summer = this.#summers.get(year);
    if (summer === undefined) {
      summer = [nthSunday(year, 2, 2) * DAY + 7200, nthSunday(year, 10, 1) * DAY + 3600];
      this.#summers.set(year, summer);
    }
    const standardWall = sec + rule.standard * 60;
    return standardWall >= summer[0] && standardWall < summer[1] ? rule.standard + 60 : rule.standard;
  }

  /** The instant of a wall time (seconds since 1970 as if UTC) in a zone; not for the hour that is skipped or doubled. */
  instant(wall: number, zone: string): number {
    const guess = wall - (ZONES[zone]?.standard ?? 0) * 60;
    return wall - this.offset(guess, zone) * 60;
  }

  #wall(sec: number): string {
    const day = Math.floor(sec / DAY);
    const rest = sec - day * DAY;
    const hour = Math.floor(rest / 3600);
    const minute = Math.floor((rest - hour * 3600) / 60);
    return `${this.#day(day)}T${TWO[hour]}:${TWO[minute]}:${TWO[rest - hour * 3600 - minute * 60]}`;
  }
}

/** Whole seconds of an ISO text, or null when it is none. */
export function parseSeconds(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
