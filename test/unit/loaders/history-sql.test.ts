import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/extractors/registry.ts';
import { copyColumns, createStaging, mergeStaged } from '../../../src/loaders/merge-sql.ts';
import { preparerOf } from '../../../src/streams/collect.ts';

describe.each(RESOURCES.map((resource) => [resource.name, preparerOf(resource).table] as const))('%s', (_, table) => {
  test('a merge gives every row it changes the next number', () => {
    const next = table.volatile.length === 0 ? '1' : 'CASE WHEN .* THEN 1 ELSE 0 END';
    expect(mergeStaged(table)).toMatch(new RegExp(`DO UPDATE SET .*, _version = t\\._version \\+ ${next} WHERE `));
  });

  test('the number is left to the database where rows are copied in', () => {
    expect(copyColumns(table)).not.toContain('_version');
    expect(createStaging(table)).toContain('INCLUDING DEFAULTS');
  });
});
