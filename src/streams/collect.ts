import type { TableBatch } from '../core/row.ts';
import type { UnknownFields } from '../extractors/prepare.ts';
import { countUnknown, createPreparer, type Preparer } from '../extractors/prepare.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Read, Resource, Sourced } from '../extractors/resource.ts';

/** The rows and rejects of one page, by resource. */
export type Collected = Map<string, TableBatch>;

export interface CollectOptions {
  readonly accountId: string;
  readonly context: Readonly<Record<string, string>>;
  readonly readAt: Date;
  readonly unknown: (resource: string) => UnknownFields;
  /** Names beside the list in its page that the contract does not know. Default: none. */
  readonly pageKeys?: readonly string[];
}

const preparers = new WeakMap<Resource, Preparer>();

/** The preparer of a resource; made once. */
export function preparerOf(resource: Resource): Preparer {
  const known = preparers.get(resource);
  if (known !== undefined) return known;
  const preparer = createPreparer(resource);
  preparers.set(resource, preparer);
  return preparer;
}

/** Converts the records of an answer, and the records inside them, to rows and rejects. */
export function collect(
  resource: Resource,
  read: Read,
  records: readonly unknown[],
  options: CollectOptions,
): Collected {
  const into: Collected = new Map();
  for (const name of options.pageKeys ?? []) countUnknown(options.unknown(resource.name), `page.${name}`);
  for (const record of records) {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      batchOf(into, resource.name).rejects.push({
        accountId: options.accountId,
        resource: resource.name,
        recordKey: null,
        reason: 'the record is not an object',
        record: JSON.stringify(record ?? null),
        context: options.context,
      });
      continue;
    }
    const source: Sourced = { record: record as Record<string, unknown>, context: options.context };
    const sources = read.carrier === undefined ? [source] : read.carrier(source);
    for (const each of sources) add(resource, read.secondary === true, each, options, into);
  }
  return into;
}

function add(resource: Resource, secondary: boolean, source: Sourced, options: CollectOptions, into: Collected): void {
  const prepared = preparerOf(resource).prepare(source, {
    accountId: options.accountId,
    readAt: options.readAt,
    secondary,
    unknown: options.unknown(resource.name),
  });
  const batch = batchOf(into, resource.name);
  if ('reject' in prepared) {
    batch.rejects.push(prepared.reject);
    return;
  }
  batch.rows.push(prepared.row);
  for (const embedded of resource.embeds ?? []) {
    const child = resourceNamed(embedded.resource);
    for (const each of embedded.extract(source)) add(child, secondary, each, options, into);
  }
}

function batchOf(into: Collected, name: string): TableBatch {
  const known = into.get(name);
  if (known !== undefined) return known;
  const batch: TableBatch = { rows: [], rejects: [] };
  into.set(name, batch);
  return batch;
}

/** Joins several pages in order. */
export function merge(parts: readonly Collected[]): Collected {
  if (parts.length === 1) return parts[0] as Collected;
  const into: Collected = new Map();
  for (const part of parts) {
    for (const [name, batch] of part) {
      const target = batchOf(into, name);
      for (const row of batch.rows) target.rows.push(row);
      for (const reject of batch.rejects) target.rejects.push(reject);
    }
  }
  return into;
}
