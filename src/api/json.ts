/**
 * JSON without loss. `Number` can't hold a 64-bit id or a long decimal; such a number stays the text that the server sent
 * (`JSON.rawJSON`, which `JSON.stringify` writes out again unchanged).
 */

import { TOO_DEEP } from '../core/depth.ts';

/** A number as its source text; see `rawNumberText`. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** The parts of the "JSON.parse source text access" proposal that Node has and the TypeScript library lacks. */
interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}

const json = JSON as unknown as JsonWithSource;

/**
 * A number that `Number` may not hold: 16 or more digits (it holds every decimal of up to 15), or an exponent of three digits. A
 * match inside a string only costs time: the text then takes the slower path.
 */
const RISKY_NUMBER = /(?:^|[\s:,[-])[\d.]{16}|[\d.][eE][+-]?\d{3}/;

/**
 * Parses JSON without changing the value of any number: those that `Number` holds exactly become numbers, all others raw text.
 *
 * @param options.cut whether a value that is nested too deep is replaced by {@link TOO_DEEP}, so that the records beside it can be
 * read. Default false: a RangeError.
 * @throws SyntaxError when the text is not JSON; its message may quote the text, so it must not be passed on.
 */
export function parseJson(text: string, options: { readonly cut?: boolean } = {}): unknown {
  if (!RISKY_NUMBER.test(text)) return JSON.parse(text);
  try {
    return parseExactly(text);
  } catch (error) {
    // Visiting the values is recursive, unlike parsing. One record that is nested too deep must not make its page unreadable.
    if (!(error instanceof RangeError) || options.cut !== true) throw error;
    return parseExactly(cutDeep(text));
  }
}

function parseExactly(text: string): unknown {
  return json.parse(text, (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value;
    return survives(value, context.source) ? value : json.rawJSON(context.source);
  });
}

/** How many levels of arrays and objects are read of a page that has too many. */
const LEVELS = 200;

/** Replaces everything in JSON text below {@link LEVELS} by {@link TOO_DEEP}. Invalid JSON stays invalid. Pure. */
function cutDeep(text: string): string {
  let out = '';
  let from = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (quoted) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) quoted = false;
      continue;
    }
    if (char === 0x22) quoted = true;
    else if (char === 0x5b || char === 0x7b) {
      depth += 1;
      if (depth === LEVELS) out += text.slice(from, at) + JSON.stringify(TOO_DEEP);
    } else if (char === 0x5d || char === 0x7d) {
      if (depth === LEVELS) from = at + 1;
      depth -= 1;
    }
  }
  return out + text.slice(from);
}

/** As `JSON.stringify`, with `bigint` written as a plain number. Undefined gives undefined. */
export function stringifyJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? json.rawJSON(member.toString()) : member,
  );
}

/** The source text of a raw number; undefined for every other value. */
export function rawNumberText(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

/** Integers beyond 2^53 stay raw even if the printed form is the same, since `BigInt(number)` would give other digits. */
function survives(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return false;
  return canonicalDecimal(source) === canonicalDecimal(String(value));
}

/** A decimal in one form per value, `digits` + `e` + power of ten, so that `1.50`, `1.5` and `15e-1` compare equal. Pure. */
export function canonicalDecimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
