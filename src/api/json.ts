/**
 * JSON without loss. A 64-bit id or a long decimal does not survive `Number`; such a number is kept as the text the
 * server sent (`JSON.rawJSON`, which `JSON.stringify` writes out again unchanged).
 */

import { TOO_DEEP } from '../core/depth.ts';

/** A number kept as its source text; see `rawNumberText`. */
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
 * A number that may not survive: 16 or more digits (every decimal of up to 15 does), or an exponent of three digits.
 * A text that matches inside a string only takes the slower path, it is not wrong.
 */
const RISKY_NUMBER = /(?:^|[\s:,[-])[\d.]{16}|[\d.][eE][+-]?\d{3}/;

/**
 * Parses JSON and keeps the value of every number: those that `Number` holds exactly become numbers, all others raw text.
 *
 * @param options.cut whether a value that is nested too deep is cut rather than refused. Default true.
 * @param options.cut whether a value that is nested too deep is replaced by {@link TOO_DEEP}, so that it does not take the records
 * beside it along. Default false: a RangeError.
 * @throws SyntaxError when the text is not JSON; its message may quote the text, so it must not be passed on.
 */
export function parseJson(text: string, options: { readonly cut?: boolean } = {}): unknown {
  if (!RISKY_NUMBER.test(text)) return JSON.parse(text);
  try {
    return parseExactly(text);
  } catch (error) {
    // Going through the values is recursive, unlike parsing: one record that is nested very deep must not take its page along.
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

/** Levels of arrays and objects that are read of a page when it has too many. */
const LEVELS = 200;

/** JSON text with everything below {@link LEVELS} replaced by {@link TOO_DEEP}. Text that is no JSON stays none. Pure. */
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

/** The source text of a number that was kept raw; undefined for every other value. */
export function rawNumberText(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

/** Integers beyond 2^53 are kept raw even where the printed form agrees: `BigInt(number)` would give other digits. */
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
