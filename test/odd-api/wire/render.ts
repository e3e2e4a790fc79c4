import { hash } from '../random.ts';
import type { Entry, Row } from '../world/collection.ts';
import type { Kind, World } from '../world/world.ts';
import { inZone, isInstant, legalForm } from './instants.ts';

/**
 * A record as this make of the API writes it: nulls left out in part, keys in an order of its own, instants in any legal form.
 * The same record always gets the same form, except that a read by id turns the order of the keys round.
 */
export function render(world: World, kind: Kind, entry: Entry, row: Row, reversed: boolean): Row {
  const habit = `${kind}/${entry.key}`;
  const placed = kind === 'appointments' ? withLocalTimes(world, entry, row) : row;
  return renderObject(placed, habit, reversed, kind !== 'patientCategories');
}

function withLocalTimes(world: World, entry: Entry, row: Row): Row {
  const zone = world.locations.find(entry.home.locationId ?? 0)?.row['timeZone'];
  if (typeof zone !== 'string') return row;
  const local = (value: unknown) => (isInstant(value) ? inZone(value, zone) : value);
  return { ...row, startTime: local(row['startTime']), endTime: local(row['endTime']) };
}

function renderObject(row: Row, habit: string, reversed: boolean, omits: boolean): Row {
  const kept = Object.entries(row).filter(
    ([field, value]) => !(omits && value === null && hash(`${habit}/${field}/null`) % 2 === 0),
  );
  kept.sort(([left], [right]) => hash(left) - hash(right));
  if (reversed) kept.reverse();
  return Object.fromEntries(
    kept.map(([field, value]) => [field, renderValue(value, `${habit}/${field}`, reversed, omits)]),
  );
}

function renderValue(value: unknown, habit: string, reversed: boolean, omits: boolean): unknown {
  if (isInstant(value)) return legalForm(value, habit);
  if (Array.isArray(value)) return value.map((part, index) => renderValue(part, `${habit}/${index}`, reversed, omits));
  if (typeof value !== 'object' || value === null) return value;
  // The keys of mapped answers are names, and a null among them is an answer.
  return renderObject(value as Row, habit, reversed, omits && !habit.endsWith('/mappedAnswers'));
}
