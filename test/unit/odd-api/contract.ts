import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }>;
}

const text = readFileSync(new URL('../../../contract/openapi.yaml', import.meta.url), 'utf8');
const contract = parse(text) as { readonly paths: Record<string, Record<string, Operation>> };

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { int64: true } });
addFormats.default(ajv);
ajv.addSchema(contract, 'contract');

/** The operations of the contract: method, path and the check of the answer. */
export const operations = new Map(
  Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.operationId !== undefined)
      .map(([method, operation]) => [
        operation.operationId,
        { method: method.toUpperCase(), path: path.replace('/partner/v2', ''), schema: schemaOf(operation) },
      ]),
  ),
);

function schemaOf({ responses }: Operation): string | undefined {
  return (responses['200'] ?? responses['201'])?.content?.['application/json']?.schema.$ref;
}

const checks = new Map<string, ValidateFunction>();

/** What is wrong with an answer by the contract; empty if nothing is. */
export function problems(op: string, body: unknown): string[] {
  const schema = operations.get(op)?.schema;
  if (schema === undefined) return [`${op} has no schema`];
  let check = checks.get(schema);
  if (check === undefined) {
    check = ajv.compile({ $ref: `contract${schema}` });
    checks.set(schema, check);
  }
  if (check(body)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${op} ${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}
