import type { Sourced } from './resource.ts';
import { exactNumber } from './values.ts';

function idText(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value);
  return exactNumber(value);
}

/**
 * The records in an array field of another record, with the ids they inherit. Elements that are not objects become records
 * without an id, so that they are rejected and shown instead of being ignored.
 */
export function* childRecords(
  source: Sourced,
  field: string,
  context: Readonly<Record<string, unknown>>,
): Generator<Sourced> {
  const children = source.record[field];
  if (!Array.isArray(children)) return;
  const ids: Record<string, string> = {};
  for (const name of ['account_id', 'location_id', 'patient_id']) {
    const inherited = source.context[name];
    if (inherited !== undefined) ids[name] = inherited;
  }
  for (const [name, value] of Object.entries(context)) {
    const id = idText(value);
    if (id !== undefined) ids[name] = id;
  }
  for (const child of children) {
    const record = typeof child === 'object' && child !== null ? (child as Record<string, unknown>) : {};
    yield { record, context: ids };
  }
}
