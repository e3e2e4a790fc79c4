import type { Answer, Call, Next } from '../http/call.ts';
import { hash } from '../random.ts';
import type { OddSpec } from './kinds.ts';
import { makeOdd } from './kinds.ts';
import type { Odd, OddMatch } from './types.ts';

interface Noted {
  readonly name: string;
  readonly spec: OddSpec;
  readonly odd: Odd;
  /** Requests that fitted apart from their number. */
  fitted: number;
  /** The same by path. */
  readonly asked: Map<string, number>;
  applied: number;
}

/** The odd behaviours that are switched on. */
export class OddBook {
  readonly #noted: Noted[] = [];

  constructor(specs: readonly OddSpec[] = []) {
    for (const spec of specs) this.add(spec);
  }

  /** Switches one on; answers the name to take it away by. */
  add(spec: OddSpec): string {
    const name = spec.name ?? spec.kind;
    this.#noted.push({ name, spec, odd: makeOdd(spec), fitted: 0, applied: 0, asked: new Map() });
    return name;
  }

  /** Takes away all of that name; tells whether there was one. */
  remove(name: string): boolean {
    const before = this.#noted.length;
    const kept = this.#noted.filter((noted) => noted.name !== name);
    this.#noted.splice(0, before, ...kept);
    return kept.length < before;
  }

  clear(): void {
    this.#noted.length = 0;
  }

  names(): string[] {
    return this.#noted.map(({ name }) => name);
  }

  /** How many requests it had a hand in. A test that expects a fault to have happened asks this. */
  applied(name: string): number {
    return this.#noted.filter((noted) => noted.name === name).reduce((sum, noted) => sum + noted.applied, 0);
  }

  /** Counts a request and tells what applies to it. */
  async active(call: Call): Promise<{ readonly names: readonly string[]; readonly odds: readonly Odd[] }> {
    const active: Noted[] = [];
    for (const noted of [...this.#noted]) {
      await noted.odd.every?.(call);
      if (!fits(noted.spec, call)) continue;
      noted.fitted += 1;
      if (!isTurn(noted.spec, noted.fitted, noted.applied)) continue;
      if (!isDrawn(noted, call)) continue;
      noted.applied += 1;
      active.push(noted);
    }
    return { names: active.map(({ name }) => name), odds: active.map(({ odd }) => odd) };
  }
}

function fits(match: OddMatch, call: Call): boolean {
  if (match.op !== undefined && ![match.op].flat().includes(call.op)) return false;
  if (typeof match.path === 'string' && !call.path.includes(match.path)) return false;
  if (match.path instanceof RegExp && !match.path.test(call.path)) return false;
  if (match.since !== undefined && call.now < match.since) return false;
  if (match.until !== undefined && call.now >= match.until) return false;
  return match.when === undefined || match.when(call);
}

function isTurn(match: OddMatch, fitted: number, applied: number): boolean {
  if (match.nth !== undefined && ![match.nth].flat().includes(fitted)) return false;
  if (match.fromNth !== undefined && fitted < match.fromNth) return false;
  return match.times === undefined || applied < match.times;
}

function isDrawn({ name, spec, asked }: Noted, call: Call): boolean {
  if (spec.share === undefined) return true;
  const time = (asked.get(call.path) ?? 0) + 1;
  asked.set(call.path, time);
  return hash(`${spec.share.seed}/${name}/${call.path}/${time}`) / 2 ** 32 < spec.share.of;
}

/** The plain answer inside all odd ones. */
export function wrap(odds: readonly Odd[], call: Call, plain: Next): Promise<Answer> {
  const next = odds.reduceRight<Next>(
    (inner, odd) => async () => (odd.handle === undefined ? inner() : odd.handle(call, inner)),
    plain,
  );
  return next();
}
