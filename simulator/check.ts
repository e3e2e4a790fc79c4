import { type Document, resolve, type Schema } from './contract.ts';
import type { Row } from './data/types.ts';

/** A query parameter after its check. */
export type QueryValue = string | number | boolean;

const INTEGER = /^-?\d{1,18}$/;

/** Reads one query parameter by its schema, or says what is wrong with it. */
export function readQuery(name: string, text: string, schema: Schema): { value: QueryValue } | { problem: string } {
  const choices = schema['enum'] as string[] | undefined;
  if (choices !== undefined)
    return choices.includes(text) ? { value: text } : { problem: `${name} must be one of ${choices.join(', ')}` };
  if (schema['type'] === 'integer') {
    const value = Number(text);
    if (!INTEGER.test(text)) return { problem: `${name} must be an integer` };
    if (typeof schema['minimum'] === 'number' && value < schema['minimum'])
      return { problem: `${name} must be at least ${String(schema['minimum'])}` };
    if (typeof schema['maximum'] === 'number' && value > schema['maximum'])
      return { problem: `${name} must be at most ${String(schema['maximum'])}` };
    return { value };
  }
  if (schema['type'] === 'boolean')
    return text === 'true' || text === 'false'
      ? { value: text === 'true' }
      : { problem: `${name} must be true or false` };
  if (schema['format'] === 'date-time') {
    const valid = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
    if (!valid || Number.isNaN(Date.parse(text))) return { problem: `${name} must be an ISO 8601 date-time` };
  }
  return { value: text };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** Says what is wrong with a value, or undefined. Knows the few keywords that request bodies use. */
export function problemOf(document: Document, name: string, value: unknown, given: Schema): string | undefined {
  const schema = resolve(document, given);
  const types = [schema['type']].flat().filter((type) => type !== undefined) as string[];
  const type = typeOf(value);
  if (types.length > 0 && !types.includes(type) && !(type === 'integer' && types.includes('number')))
    return `${name} must be ${types.join(' or ')}`;
  if (value === null) return undefined;
  const choices = schema['enum'] as unknown[] | undefined;
  if (choices !== undefined && !choices.includes(value)) return `${name} must be one of ${choices.join(', ')}`;
  if (schema['format'] === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(String(value))) return `${name} must be a date`;
  if (['date', 'date-time'].includes(String(schema['format'])) && Number.isNaN(Date.parse(String(value))))
    return `${name} must be a ${String(schema['format'])}`;
  if (schema['format'] === 'uri' && !URL.canParse(String(value))) return `${name} must be a URL`;
  if (Array.isArray(value)) {
    if (value.length < Number(schema['minItems'] ?? 0)) return `${name} must not be empty`;
    for (const item of value) {
      const problem = problemOf(document, `an element of ${name}`, item, (schema['items'] ?? {}) as Schema);
      if (problem !== undefined) return problem;
    }
  }
  if (type !== 'object') return undefined;
  const row = value as Row;
  const missing = ((schema['required'] ?? []) as string[]).find((field) => row[field] === undefined);
  if (missing !== undefined) return `${missing} is required`;
  const choicesOf = schema['oneOf'] as { required: string[] }[] | undefined;
  if (choicesOf !== undefined) {
    const met = choicesOf.filter((choice) => choice.required.every((field) => row[field] !== undefined));
    if (met.length !== 1)
      return `exactly one of ${choicesOf.flatMap((choice) => choice.required).join(', ')} is needed`;
  }
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const others = schema['additionalProperties'];
  for (const [field, content] of Object.entries(row)) {
    const inner = Object.hasOwn(properties, field) ? properties[field] : others;
    if (content === undefined || typeof inner !== 'object') continue;
    const problem = problemOf(document, field, content, inner as Schema);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Renames aliases of body fields (`x-aliases`) to their own names. */
export function withoutAliases(schema: Schema, body: Row): Row {
  const renamed = { ...body };
  for (const [field, inner] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
    for (const alias of (inner['x-aliases'] ?? []) as string[]) {
      if (renamed[field] === undefined && alias in renamed && !(alias in ((schema['properties'] ?? {}) as Row))) {
        renamed[field] = renamed[alias];
        delete renamed[alias];
      }
    }
  }
  return renamed;
}
