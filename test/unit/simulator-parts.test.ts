import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../simulator/cursor.ts';
import { Ids } from '../../simulator/data/ids.ts';
import { Layout } from '../../simulator/data/layout.ts';
import { rankOfKey, sortKey, TimeIndex, windowKeys } from '../../simulator/data/time-index.ts';
import { parseFaults } from '../../simulator/faults.ts';
import { TokenBucket } from '../../simulator/limiter.ts';
import { readArguments } from '../../simulator/main.ts';
import { completeOptions } from '../../simulator/options.ts';
import { money } from '../../simulator/rows/context.ts';
import { Clockwork, ZONE_NAMES } from '../../simulator/time.ts';

describe('time', () => {
  it('knows the offsets of its zones as the platform does', () => {
    const clock = new Clockwork();
    for (const zone of ZONE_NAMES) {
      const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
      fc.assert(
        fc.property(fc.integer({ min: Date.UTC(2009, 0) / 1000, max: Date.UTC(2030, 0) / 1000 }), (sec) => {
          const name = format.formatToParts(sec * 1000).find((part) => part.type === 'timeZoneName')?.value ?? '';
          const [, sign, hours, minutes] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? [];
          expect(clock.offset(sec, zone)).toBe((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)));
          expect(Date.parse(clock.local(sec, zone))).toBe(sec * 1000);
        }),
        { numRuns: 60 },
      );
    }
  });

  it('changes at the right second', () => {
    const clock = new Clockwork();
    const spring = Date.UTC(2026, 2, 8, 7) / 1000;
    expect([spring - 1, spring].map((sec) => clock.local(sec, 'America/New_York'))).toEqual([
      '2026-03-08T01:59:59-05:00',
      '2026-03-08T03:00:00-04:00',
    ]);
  });
});

describe('row addresses', () => {
  it('convert indexes to positions and back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
        fc.nat(100_000),
        (weights, i) => {
          const layout = new Layout(weights);
          const location = layout.locationOf(i);
          expect(layout.indexOf(location, layout.rankOf(i))).toBe(i);
          expect(layout.countBelow(location, i)).toBe(layout.rankOf(i));
        },
      ),
    );
  });

  it('convert indexes to ids and back, separately for each account', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(2), (i, ordinal) => {
        const ids = new Ids(1000, 3, ordinal, 7);
        expect(ids.indexOf(ids.of(i))).toBe(i);
        expect(new Ids(1000, 3, (ordinal + 1) % 3, 7).indexOf(ids.of(i))).toBe(-1);
        expect(ids.of(i + 1)).toBeGreaterThan(ids.of(i));
      }),
    );
  });
});

describe('the order of time', () => {
  it('equals a plain sort, with rows that come and move', () => {
    const time = fc.option(fc.integer({ min: 1_230_000_000, max: 1_900_000_000 }), { nil: null });
    const moves = fc.array(fc.tuple(fc.nat(40), time));
    fc.assert(
      fc.property(
        fc.array(time, { maxLength: 30 }),
        moves,
        fc.boolean(),
        time,
        time,
        (times, changes, descending, a, b) => {
          const present = new Map(times.map((seconds, rank) => [rank, seconds]));
          const index = new TimeIndex(times.length, (rank) => times[rank] as number | null);
          for (const [rank, seconds] of changes) {
            present.set(rank, seconds);
            index.place(rank, seconds);
          }
          const [low, high] =
            a === null || b === null ? [0, Number.MAX_SAFE_INTEGER] : windowKeys(Math.min(a, b), Math.max(a, b));
          const keys = [...present]
            .map(([rank, seconds]) => sortKey(seconds, rank))
            .filter((key) => key >= low && key <= high);
          const wanted = keys.toSorted((x, y) => (descending ? y - x : x - y)).map(rankOfKey);
          const found: number[] = [];
          index.walk(low, high, descending, (key) => found.push(rankOfKey(key)) > 0);
          expect(found).toEqual(wanted);
        },
      ),
    );
  });
});

describe('cursors', () => {
  it('come back only with their own binding', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (position, binding, nonce) => {
        const cursor = encodeCursor(position.toWellFormed(), binding, nonce);
        expect(decodeCursor(cursor, binding)).toBe(position.toWellFormed());
        expect(decodeCursor(cursor, `${binding}x`)).toBeUndefined();
        expect(decodeCursor(`x${cursor}`, binding)).toBeUndefined();
      }),
    );
  });

  it('survive any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeCursor(text, 'list')).toBeUndefined();
      }),
    );
  });
});

describe('settings', () => {
  it('prints money', () => {
    expect([0, 5, 150_000_05, 99_999].map(money)).toEqual(['$0.00', '$0.05', '$150,000.05', '$999.99']);
  });

  it('refuses unknown fault kinds and fields by name', () => {
    expect(() => parseFaults([{ kind: 'status' }, { kind: 'flood' }, { kind: 'quake' }])).toThrow(/flood, quake/);
    expect(() => parseFaults([{ kind: 'status', often: 3 }])).toThrow(/often/);
    expect(() => parseFaults({})).toThrow(/array/);
  });

  it('reads the command line', () => {
    const args = ['--port', '0', '--seed', '9', '--accounts', '5,6', '--rate-limit', '2.5', '--token-ttl', '60'];
    expect(readArguments(args)).toEqual({ port: 0, seed: 9, accounts: [5, 6], rateLimit: 2.5, tokenTtlSeconds: 60 });
    expect(readArguments(['--appointment-body', 'self-scheduling'])).toEqual({ appointmentBody: 'self-scheduling' });
    expect(completeOptions({}).appointmentBody).toBe('listing');
    expect(() => readArguments(['--appointment-body', 'other'])).toThrow(/listing, self-scheduling/);
    expect(() => readArguments(['--seed', 'x'])).toThrow(/--seed/);
    expect(() => readArguments(['--speed', '1'])).toThrow();
    expect(() => completeOptions({ now: 'soon' })).toThrow(/now/);
  });

  it('lets a burst of one second through, then the rate', () => {
    let now = 0;
    const bucket = new TokenBucket(3, () => now);
    expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0, 1]);
    now = 340;
    expect([bucket.take(), bucket.take()]).toEqual([0, 1]);
  });
});

describe('the program', () => {
  it('says where it listens and stops on SIGTERM', async () => {
    const child = spawn(process.execPath, [
      new URL('../../simulator/main.ts', import.meta.url).pathname,
      '--port',
      '0',
      '--patients',
      '5',
    ]);
    const line = await new Promise<string>((done) => child.stdout.once('data', (data) => done(String(data))));
    const { adminUrl, pid } = JSON.parse(line) as { adminUrl: string; pid: number };
    expect(pid).toBe(child.pid);
    expect((await fetch(`${adminUrl}/health`)).status).toBe(200);
    const code = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    expect(await code).toBe(0);
  });
});
