import type { Members } from './fields.ts';
import { exactNumber } from './values.ts';

/** The names of an object in order, and which of them are known. */
interface Shape {
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}

type Shapes = Map<string, Shape>;

/** Objects whose names are all content, by their names in the received order. Most records of a list have the same shape. */
const plain: Shapes = new Map();
/** The same for objects of which only some names are content. */
const ofMembers = new WeakMap<Members, Shapes>();
/** Beyond this number, names are probably data, as in an object whose names are ids; they are sorted but not remembered. */
const MOST_SHAPES = 5000;

function shapeOf(value: object, members: Members | undefined): Shape {
  let shapes = plain;
  if (members !== undefined) {
    shapes = ofMembers.get(members) ?? new Map();
    ofMembers.set(members, shapes);
  }
  const names = Object.keys(value);
  const text = names.join('\n');
  const met = shapes.get(text);
  if (met !== undefined) return met;
  const known = names.filter((name) => members === undefined || Object.hasOwn(members.known, name)).sort();
  // An object without any known name is not one of these records, so all of it counts.
  const shape =
    known.length === 0
      ? { known: names.sort(), unknown: [] }
      : { known, unknown: names.filter((name) => !known.includes(name)) };
  if (shapes.size < MOST_SHAPES) shapes.set(text, shape);
  return shape;
}

type OnUnknown = (name: string, hasTable: boolean) => void;

/**
 * JSON text that is the same for all values that `jsonb` takes for equal, whatever the order of their keys. Pure except for a
 * bounded cache of sorted names.
 *
 * @param members the known fields of records in the value; other fields are left out. Default: nothing is left out.
 * @param onUnknown called with the name of every field that was left out, and whether a table of those records counts it
 * @throws RangeError for a value that is nested deeper than the stack reaches
 */
export function canonicalJson(value: unknown, members?: Members, onUnknown?: OnUnknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const exact = exactNumber(value);
  if (exact !== undefined) return exact;
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) text += ',';
      text += canonicalJson(value[index], members, onUnknown);
    }
    return `${text}]`;
  }
  const record = value as Readonly<Record<string, unknown>>;
  const { known, unknown } = shapeOf(value, members);
  if (onUnknown !== undefined) for (const name of unknown) onUnknown(name, members?.hasTable === true);
  let text = '{';
  for (const name of known) {
    const member = record[name];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    const inner = members !== undefined && Object.hasOwn(members.known, name) ? members.known[name] : true;
    text += `${JSON.stringify(name)}:${inner === true ? canonicalJson(member) : canonicalJson(member, inner, onUnknown)}`;
  }
  return `${text}}`;
}
