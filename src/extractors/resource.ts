import { z } from 'zod';
import type { OperationId } from '../api/operations.generated.ts';
import { snakeCase } from '../core/names.ts';
import type { PhiClass } from '../core/phi.ts';
import { bigint, type Field, type SqlType } from './fields.ts';
import type { Strategy } from './strategy.ts';

/** How often a read is made: once per token, per account, or per location. */
export type Scope = 'global' | 'account' | 'location';

/** The date range that a list accepts, and the column it probably compares (FACTS.md says how sure that is). */
export interface WindowFilter {
  readonly from: string;
  readonly to: string;
  readonly column: string;
}

/** A read is made once for every parent row; parents are streamed from the warehouse in the order of their key. */
export interface ParentOptions {
  /** The resource whose table holds the parents. */
  readonly resource: string;
  /** The path parameter that takes the parent's id. */
  readonly param: string;
  /** The column of the child that keeps the parent's id. */
  readonly column: string;
  /** A jsonb array column of the parent that holds the ids, when they are not the parent's own. */
  readonly idsIn?: string;
  /** Further SQL condition on parent rows (alias `p`), for parents that have nothing more to give. */
  readonly where?: string;
}

/** One way in which rows of a resource are obtained from the API. */
export interface Read {
  readonly operation: OperationId;
  readonly scope: Scope;
  /** Name of the array in the answer. Absent: the answer is one record. */
  readonly listKey?: string;
  /** Other names the array may have (`x-aliases`). */
  readonly listKeyAliases?: readonly string[];
  /** Whether the answer may be the array itself. */
  readonly bareArray?: boolean;
  /** Whether `limit` is sent. The end of the list is always what the answer says. */
  readonly paginated?: boolean;
  readonly window?: WindowFilter;
  readonly parent?: ParentOptions;
  readonly query?: Readonly<Record<string, string | boolean>>;
  /** What 404 means for one parent or location: that it has no such record. */
  readonly absentOn404?: boolean;
  /** The answer only carries the records of this table: it has no row of its own here. */
  readonly carrier?: (answer: Sourced) => Iterable<Sourced>;
  /** Name of the array that such an answer must hold; an answer without it is refused. */
  readonly carries?: string;
  /** The read that replaces this one when the settings choose the newer API generation for its operation. */
  readonly newer?: Read;
  /**
   * A second list of the same rows whose agreement with the first is unknown: it adds rows that the first does not
   * have and never changes those it has.
   */
  readonly secondary?: boolean;
}

/** A record with the ids of the path it came by. */
export interface Sourced {
  readonly record: Readonly<Record<string, unknown>>;
  /** Column → id, for columns that the record itself may not carry. */
  readonly context: Readonly<Record<string, string>>;
}

/** Records inside another record that have a table of their own. */
export interface Embedded {
  readonly resource: string;
  /** The column of the inner rows that names the record they come in. */
  readonly column: string;
  /**
   * Says by the text of one of the record's columns whether the record lists all of its inner rows. If it does, an inner row that
   * it no longer lists is gone; if not, nothing follows for rows that are missing. Default: never.
   */
  readonly wholeWhen?: { readonly column: string; readonly holds: (text: string | null) => boolean };
  readonly extract: (source: Sourced) => Iterable<Sourced>;
}

export interface ResourceOptions {
  /** Name of the resource and of its table in the schema `lobbie`. */
  readonly name: string;
  /** What an analyst should know; becomes the table's comment. */
  readonly description: string;
  readonly scope: Scope;
  /** How the nightly sync keeps it fresh. */
  readonly strategy: Strategy;
  /** Reads, the leading one first. Empty for a resource that only comes embedded in another. */
  readonly reads: readonly Read[];
  /** The operation that reads one row by its id, and the path parameters beside account and location. */
  readonly get?: { readonly operation: OperationId; readonly param: string; readonly parentParam?: string };
  /** Key columns after `account_id`. Default `id`. */
  readonly key?: readonly string[];
  /** API field name → field. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Columns that come from the path: parents' ids. `location_id` is added by the scope. */
  readonly context?: readonly string[];
  /**
   * The same row is served under several locations and does not name its own. `location_id` keeps the location where the row was
   * first seen; otherwise every read would change it.
   */
  readonly sharedByLocations?: boolean;
  readonly embeds?: readonly Embedded[];
  /** Its rows are the locations that other lists are read under, so that it is read first. */
  readonly holdsLocations?: boolean;
  /** Its rows are the persons that a targeted read asks for by id. */
  readonly holdsPersons?: boolean;
  /** Makes an id for records whose id the contract does not promise. Negative, so it can't meet a real one. */
  readonly surrogateId?: (source: Sourced) => string | undefined;
}

export interface Column {
  readonly name: string;
  readonly sql: SqlType;
  readonly phi: PhiClass;
}

/** A resource as streams use it; built by {@link defineResource}. */
export interface Resource extends ResourceOptions {
  readonly key: readonly string[];
  /** Full primary key, `account_id` first unless the resource is global. */
  readonly primaryKey: readonly string[];
  readonly context: readonly string[];
  /** Columns of the API's fields and of the path, without the technical ones. */
  readonly columns: readonly Column[];
  /** Every field name the API may use, aliases too: what is not in here is an unknown field. */
  readonly knownFields: ReadonlySet<string>;
  readonly schema: z.ZodType<Record<string, string | null | undefined>>;
}

/** Declares a resource. Everything the streams, the loader and the documents need follows from it. */
export function defineResource(options: ResourceOptions): Resource {
  const key = options.key ?? ['id'];
  const fieldColumns = Object.entries(options.fields).map(
    ([name, field]): Column => ({ name: snakeCase(name), sql: field.sql, phi: field.phi }),
  );
  const known = new Set(fieldColumns.map((column) => column.name));
  const pathColumns = [...(options.scope === 'location' ? ['location_id'] : []), ...(options.context ?? [])];
  const columns = [
    ...fieldColumns,
    ...pathColumns
      .filter((name) => !known.has(name))
      .map((name): Column => ({ name, sql: bigint('operational').sql, phi: 'operational' })),
  ];
  const shape = Object.fromEntries(Object.entries(options.fields).map(([name, field]) => [name, field.schema]));
  return {
    ...options,
    key,
    primaryKey: options.scope === 'global' ? key : ['account_id', ...key],
    context: options.context ?? [],
    columns,
    knownFields: new Set(Object.entries(options.fields).flatMap(([name, field]) => [name, ...field.aliases])),
    schema: z.object(shape) as unknown as Resource['schema'],
  };
}
