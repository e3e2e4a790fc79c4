import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/api/json.ts';
import { repeatsName } from '../../../src/api/repeated-names.ts';

const repeats = (text: string) => repeatsName(text, parseJson(text, { cut: true }));

describe('repeatsName', () => {
  it.each([
    '{"id":1,"id":2}',
    '{"id":1,"id":1}',
    '{"a":[{"x":1},{"id":1,"b":{},"id":2}]}',
    '{"patients":[{"id":1}],"patients":[]}',
    '{"id" : 1,\n"id"\t: 2}',
    '{"id":1,"\\u0069d":2}',
    '{"n":12345678901234567890,"n":1}',
    `{"a":${'{"d":'.repeat(5000)}1${'}'.repeat(5000)},"n":12345678901234567890,"a":1}`,
  ])('finds it in %s', (text) => {
    expect(repeats(text)).toBe(true);
  });

  it.each([
    '{}',
    '[]',
    'null',
    '"a\\":b"',
    '{"a":{"id":1},"b":{"id":2},"id":3}',
    '[{"id":1},{"id":2}]',
    '{"id" : 1, "name" : "x"}',
    '{"text":"say \\"id\\": 1, \\"id\\": 2","id":1}',
    '{"back\\\\":1,"slash":"\\\\\\":"}',
    '{"n":12345678901234567890,"rawJSON":1}',
    '{"__proto__":1,"a":2}',
    `{"a":${'{"d":'.repeat(5000)}1${'}'.repeat(5000)},"n":12345678901234567890}`,
  ])('finds none in %s', (text) => {
    expect(repeats(text)).toBe(false);
  });
});
