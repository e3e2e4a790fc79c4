import { exactNumber } from './values.ts';

/** Sorted field names by the names in their received order. Most records of a list have the same shape, so this saves sorting. */
const shapes = new Map<string, readonly string[]>();
/** Beyond this number, names are probably data, as in an object whose names are ids; they are sorted but not remembered. */
const MOST_SHAPES = 5000;

function sortedNames(value: object): readonly string[] {
  const names = Object.keys(value);
  if (names.length < 2) return names;
  const shape = names.join('\n');
  const known = shapes.get(shape);
  if (known !== undefined) return known;
  names.sort();
  if (shapes.size < MOST_SHAPES) shapes.set(shape, names);
  return names;
}

/**
 * JSON text that is the same for all values that `jsonb` takes for equal, whatever the order of their keys. Pure except for a
 * bounded cache of sorted names.
 *
 * @throws RangeError for a value that is nested deeper than the stack reaches
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const exact = exactNumber(value);
  if (exact !== undefined) return exact;
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) text += ',';
      text += canonicalJson(value[index]);
    }
    return `${text}]`;
  }
  const record = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const name of sortedNames(value)) {
    const member = record[name];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}
