import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/extractors/registry.ts';
import { copyColumns, createStaging, mergeStaged } from '../../../src/loaders/merge-sql.ts';
import { preparerOf } from '../../../src/streams/collect.ts';

describe.each(RESOURCES.map((resource) => [resource.name, preparerOf(resource).table] as const))('%s', (_, table) => {
  test('a merge gives every row it changes the next number', () => {
    expect(mergeStaged(table)).toMatch(/DO UPDATE SET .*, _version = t\._version \+ 1 WHERE /);
  });

  test('the number is left to the database where rows are copied in', () => {
    expect(copyColumns(table)).not.toContain('_version');
    expect(createStaging(table)).toContain('INCLUDING DEFAULTS');
  });
});
