/** One row of the table of operations, which is generated from contract/openapi.yaml. */
export interface OperationSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Template below the base URL, e.g. `/partner/v2/account/{accountId}/patients`. */
  readonly path: string;
  readonly pathParams: readonly string[];
  readonly query: readonly QueryParam[];
  /** Parameters that travel as headers. */
  readonly headers?: readonly string[];
  /** The array's name in the answer of a list. */
  readonly listKey?: string;
  readonly listKeyAliases?: readonly string[];
  /** Whether cursor and nextCursor are expected; nextCursor is followed whenever it comes. */
  readonly paginated?: boolean;
  readonly scope?: 'global' | 'account' | 'location';
  /** The list whose rows feed a path parameter of this one. */
  readonly parent?: { readonly list: string; readonly column: string; readonly param: string };
  readonly incremental?: IncrementalFilter;
  /** The path in the newer generation of the API. */
  readonly newerPath?: string;
  readonly newerPathEvidence?: 'observed' | 'assumed';
  readonly hasBody: boolean;
  /** True for every method except GET. The client never repeats a write by itself. */
  readonly write: boolean;
}

export interface QueryParam {
  readonly name: string;
  readonly type: 'integer' | 'boolean' | 'string' | 'date-time';
  /** Known values; the set is open. */
  readonly enum?: readonly string[];
}

/** A time filter of a list and the field that it probably compares. */
export interface IncrementalFilter {
  readonly from: string;
  readonly to: string;
  readonly field: string;
  readonly fieldEvidence: 'documented' | 'assumed';
  readonly alternatives?: readonly string[];
}
