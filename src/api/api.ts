/** Every operation as a typed method: `api.listPatients({ accountId }, { signal })`. */
import type { ApiClient, ApiResponse, CallOptions } from './client.ts';
import {
  type OperationBody,
  type OperationId,
  type OperationParams,
  type OperationResult,
  operations,
} from './operations.generated.ts';

/** As `CallOptions`, with the body's type known. */
export interface TypedCallOptions<Op extends OperationId> extends CallOptions {
  readonly body?: OperationBody<Op> | undefined;
}

export type Api = {
  readonly [Op in OperationId]: (
    params: OperationParams<Op>,
    options?: TypedCallOptions<Op>,
  ) => Promise<ApiResponse<OperationResult<Op>>>;
};

/** A method for each row of the table, all through the one client and its limiter. */
export function createApi(client: ApiClient): Api {
  const names = Object.keys(operations) as OperationId[];
  const methods = names.map((op) => [
    op,
    (params: OperationParams<typeof op>, options?: CallOptions) => client.call(op, params, options),
  ]);
  return Object.fromEntries(methods) as Api;
}
