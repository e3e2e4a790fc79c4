/** Builds the URL and headers of a call from the table of operations. Pure. */
import type { OperationSpec } from './operation.ts';

export type ParamValue = string | number | bigint | boolean | Date | undefined;

export type Params = Readonly<Record<string, ParamValue>>;

/** Which operations use the newer generation's path: operationIds, `observed` (paths seen in use) or `all` (assumed ones, too). */
export type NewerPaths = readonly string[];

/** The path template of an operation in the chosen generation of the API. */
export function pathTemplate(operationId: string, spec: OperationSpec, newerPaths: NewerPaths): string {
  if (spec.newerPath === undefined) return spec.path;
  const chosen =
    newerPaths.includes('all') ||
    newerPaths.includes(operationId) ||
    (newerPaths.includes('observed') && spec.newerPathEvidence === 'observed');
  return chosen ? spec.newerPath : spec.path;
}

/**
 * The whole URL. Query parameters follow the table's order and are left out when undefined; dates are sent as ISO 8601 in UTC.
 *
 * @throws TypeError for a missing path parameter or a parameter that the operation does not have: both are faults of the program
 */
export function buildUrl(
  baseUrl: string,
  operationId: string,
  spec: OperationSpec,
  params: Params,
  newerPaths: NewerPaths,
): string {
  // A list may answer with nextCursor although the contract does not call it paginated. So each list takes a cursor.
  const followed = spec.listKey !== undefined && !spec.query.some(({ name }) => name === 'cursor') ? ['cursor'] : [];
  const queryNames = [...spec.query.map(({ name }) => name), ...followed];
  const known = [...spec.pathParams, ...queryNames, ...(spec.headers ?? [])];
  for (const name of Object.keys(params)) {
    if (!known.includes(name)) throw new TypeError(`${operationId} has no parameter ${name}`);
  }
  const path = pathTemplate(operationId, spec, newerPaths).replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = paramText(params[name]);
    if (value === undefined || value === '') throw new TypeError(`${operationId} needs the parameter ${name}`);
    // Encoding does not change dots, and a URL parser would read a segment of dots as a step up.
    if (/^\.+$/.test(value)) throw new TypeError(`${operationId}: ${name} is not an id`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const name of queryNames) {
    const value = paramText(params[name]);
    if (value !== undefined) query.set(name, value);
  }
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return `${baseUrl.replace(/\/+$/, '')}${path}${search}`;
}

/** The parameters that travel as headers. */
export function headerParams(spec: OperationSpec, params: Params): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of spec.headers ?? []) {
    const value = paramText(params[name]);
    if (value !== undefined) headers[name.toLowerCase()] = headerValue(name, value);
  }
  return headers;
}

/** The path ids of a call, for errors and log lines. Query values are left out, since they may be a person's data. */
export function pathIds(spec: OperationSpec, params: Params): Record<string, string> {
  return Object.fromEntries(spec.pathParams.map((name) => [name, paramText(params[name]) ?? '']));
}

/**
 * Checks a value that is sent as a header, for example a secret: fetch would quote a value that it refuses in its message.
 *
 * @throws TypeError that names the header only
 */
export function headerValue(name: string, value: string): string {
  if (!/^[\x20-\x7e]+$/.test(value)) throw new TypeError(`the value for ${name} is not printable ASCII`);
  return value;
}

function paramText(value: ParamValue): string | undefined {
  if (value === undefined) return undefined;
  return value instanceof Date ? value.toISOString() : String(value);
}
