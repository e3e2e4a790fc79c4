/** Finds names that an object of a JSON text has twice: the standard does not say which value is meant (RFC 8259, 4). */
import { rawNumberText } from './json.ts';

/**
 * Whether an object of the text has a name twice. `JSON.parse` silently takes the last value, so two records merged into one, or a list
 * that is repeated and empty, would pass for a valid answer.
 *
 * The members of the parsed value are compared in number with the names of the text, which costs a fraction of the parsing. Only if they
 * differ is the text scanned, because a blank before a colon or a value that was cut makes a difference, too. Pure.
 *
 * @param value the parsed text
 */
export function repeatsName(text: string, value: unknown): boolean {
  return countNames(text) !== countMembers(value) && scan(text);
}

/** Closing quotes right before a colon. Within a text such a quote is escaped. */
function countNames(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) {
    if (text.charCodeAt(at - 1) !== 0x5c) count += 1;
  }
  return count;
}

/** Members of all objects within a value; without recursion, because the depth is the sender's choice. */
function countMembers(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null || rawNumberText(next) !== undefined) continue;
    const members: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) count += members.length;
    for (const member of members) if (typeof member === 'object' && member !== null) open.push(member);
  }
  return count;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Scans the text character by character. The text must be valid JSON. */
function scan(text: string): boolean {
  /** The names of each object that is open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === 0x7b) open.push(new Set());
    else if (sign === 0x5b) open.push(undefined);
    else if (sign === 0x7d || sign === 0x5d) open.pop();
    else if (sign === QUOTE) {
      const end = endOfText(text, at);
      const names = open.at(-1);
      if (names !== undefined && isName(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string;
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Whether a colon follows, so that the text before it is a name. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (/\s/.test(text.charAt(at))) at += 1;
  return text.charAt(at) === ':';
}

/** The index after the closing quote. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}
