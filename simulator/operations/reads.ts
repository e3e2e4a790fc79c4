import type { Account } from '../account.ts';
import type { QueryValue } from '../check.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { PageQuery, Row, Scope, Source } from '../data/types.ts';
import { type Answer, ApiError, accountOf, type Call, missing, one } from './call.ts';
import { type Filter, type Read, SORT_FIELDS } from './read-table.ts';

const CONTROL = new Set(['cursor', 'limit', 'sortBy', 'sortDir', 'includeAnswers']);

/** The source, scope and account of a read; checks that the parent exists. */
function placeOf(call: Call, read: Read): { source: Source; scope: Scope; account: Account | undefined } {
  const account = 'accountId' in call.params ? accountOf(call) : undefined;
  const lists = account?.sources ?? call.world.global;
  const source = (lists.get(read.resource) ?? call.world.global.get(read.resource)) as Source;
  const scope: Scope = call.location === undefined ? {} : { location: call.location };
  if (read.parent !== undefined) {
    const id = call.params[read.parent.param] as number;
    if (lists.get(read.parent.resource)?.get(scope, id) === undefined) throw missing(read.parent.resource, id);
    scope.parent = id;
  }
  return { source, scope, account };
}

function window(call: Call): PageQuery['window'] {
  const names = call.operation.window;
  if (names === undefined) return undefined;
  const from = call.query.get(names.from);
  const to = call.query.get(names.to);
  if (from === undefined && to === undefined) return undefined;
  return {
    field: names.field,
    from: from === undefined ? 0 : Math.ceil(Date.parse(String(from)) / 1000),
    to: to === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(Date.parse(String(to)) / 1000),
  };
}

/** Turns the query parameters into what a source is asked. */
function pageQuery(call: Call, read: Read, account: Account | undefined): PageQuery {
  const { query, operation } = call;
  const equals: Row = {};
  const tests: ((row: Row) => boolean)[] = [];
  const asked: PageQuery = {
    limit: operation.paginated ? Number(query.get('limit') ?? 20) : Number.POSITIVE_INFINITY,
    equals,
  };
  for (const [name, value] of query) {
    if (CONTROL.has(name) || name === operation.window?.from || name === operation.window?.to) continue;
    const filter: Filter | undefined = read.filters?.[name];
    if (filter !== undefined) {
      const found = filter(value, account as Account);
      if (found.test !== undefined) tests.push(found.test);
      if (found.only !== undefined) asked.only = found.only;
      if (found.acceptIndex !== undefined) asked.acceptIndex = found.acceptIndex;
    } else if (name === 'patientId' && read.byPatient) asked.patientId = Number(value);
    else equals[name] = value;
  }
  if (tests.length > 0) asked.accept = (row) => tests.every((test) => test(row));
  const sort = query.get('sortBy');
  const order = sort === undefined ? read.order : SORT_FIELDS[String(sort)];
  const span = window(call);
  if (order !== undefined) asked.order = order;
  if (span !== undefined) asked.window = span;
  asked.descending = query.get('sortDir') === 'DESC' && (order !== undefined || span !== undefined);
  return asked;
}

/** What a cursor is bound to: everything but cursor and limit. */
function bindingOf(call: Call): string {
  const filters = [...call.query].filter(([name]) => name !== 'cursor' && name !== 'limit');
  const sorted = filters.map(([name, value]: [string, QueryValue]) => `${name}=${String(value)}`).sort();
  const path = Object.entries(call.params).map(([name, value]) => `${name}=${String(value)}`);
  return [call.operation.id, call.world.settings.seed, ...path, ...sorted].join('&');
}

/** Answers a list operation. */
export function list(call: Call, read: Read): Answer {
  const { source, scope, account } = placeOf(call, read);
  const asked = pageQuery(call, read, account);
  const binding = bindingOf(call);
  const sent = call.query.get('cursor');
  let began = '';
  if (sent !== undefined && call.operation.paginated) {
    const position = decodeCursor(String(sent), binding);
    if (position === undefined) throw new ApiError(400, 'cursor is not valid for this list');
    began = position;
    if (began !== '') asked.after = began;
  }
  const page = source.page(scope, asked);
  const shape = read.shape;
  const rows = shape === undefined ? page.rows : page.rows.map((row) => shape(row, call));
  return {
    kind: 'list',
    key: call.operation.listKey as string,
    rows,
    positions: page.positions,
    paginated: call.operation.paginated,
    next: page.more ? encodeCursor(page.positions.at(-1) as string, binding) : null,
    began,
    cursor: (position, nonce) => encodeCursor(position, binding, nonce),
  };
}

/** Answers a read by id. */
export function get(call: Call, read: Read): Answer {
  const { source, scope } = placeOf(call, read);
  const id = call.params[read.id as string] as number;
  const row = source.get(scope, id);
  if (row === undefined) throw missing(read.resource, id);
  return one(read.shape === undefined ? row : read.shape(row, call));
}
