import type { KnownNames } from '../core/row.ts';
import type { Field, Members } from './fields.ts';

/**
 * The known fields of records that have a table, without volatile fields, which are no content here either.
 *
 * @param fields the fields of the resource that the records belong to
 */
export function membersOf(fields: Readonly<Record<string, Field>>): Members {
  const entries = Object.entries(fields).filter(([, field]) => !field.volatile);
  const named = entries.flatMap(([name, field]) =>
    [name, ...field.aliases].map((each) => [each, field.members ?? true] as const),
  );
  return { known: Object.fromEntries(named), hasTable: true };
}

/** The known fields of records without a table: the fields in the contract. */
export const members = (...names: readonly string[]): Members => ({
  known: Object.fromEntries(names.map((name) => [name, true as const])),
  hasTable: false,
});

/** The known fields as plain data, for the loader. Pure. */
export const knownNames = (of: Members): KnownNames =>
  Object.fromEntries(
    Object.entries(of.known).map(([name, inner]) => [name, inner === true ? true : knownNames(inner)]),
  );
