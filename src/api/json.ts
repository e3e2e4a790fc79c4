/**
 * JSON without loss. A 64-bit id or a long decimal does not survive `Number`; such a number is kept as the text the
 * server sent (`JSON.rawJSON`, which `JSON.stringify` writes out again unchanged).
 */

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
 * @throws SyntaxError when the text is not JSON; its message may quote the text, so it must not be passed on.
 */
export function parseJson(text: string): unknown {
  if (!RISKY_NUMBER.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value;
    return survives(value, context.source) ? value : json.rawJSON(context.source);
  });
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
