import { describe, expect, test } from 'vitest';
import * as fields from '../../../src/extractors/fields.ts';

const kinds = {
  bigint: fields.bigint,
  integer: fields.integer,
  text: fields.text,
  boolean: fields.boolean,
  instant: fields.instant,
  date: fields.date,
  numeric: fields.numeric,
  json: fields.json,
};
const good: Record<keyof typeof kinds, [unknown, string]> = {
  bigint: [5, '5'],
  integer: [5, '5'],
  text: ['x', 'x'],
  boolean: [true, 't'],
  instant: ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
  date: ['2024-01-01', '2024-01-01'],
  numeric: [1.5, '1.5'],
  json: [{ a: 1 }, '{"a":1}'],
};

describe.each(Object.entries(kinds))('%s', (name, make) => {
  const field = make('clinical');

  test('converts a value to the text that Postgres reads', () => {
    const [value, text] = good[name as keyof typeof kinds];
    expect(field.schema.parse(value)).toBe(text);
  });

  test('leaves null and missing as they are', () => {
    expect(field.schema.parse(null)).toBeNull();
    expect(field.schema.parse(undefined)).toBeUndefined();
  });

  test('leaves the value out of its finding', () => {
    const bad = name === 'text' ? { canary: 'canary' } : 'canary';
    const result = field.schema.safeParse(bad);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).not.toContain('canary');
  });

  test('keeps its class and its aliases', () => {
    expect(make('direct', { aliases: ['other'] })).toMatchObject({ phi: 'direct', aliases: ['other'] });
    expect(field.aliases).toEqual([]);
  });
});
