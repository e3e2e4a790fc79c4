import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const folder = new URL('../../migrations/', import.meta.url);
const files = readdirSync(folder).sort();

test('migrations are numbered one after the other', () => {
  expect(files.length).toBeGreaterThan(0);
  for (const [index, file] of files.entries()) {
    expect(file).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}_[a-z_]+\\.ts$`));
  }
});

describe.each(files)('%s', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');

  test('only goes forward', async () => {
    const migration = (await import(new URL(file, folder).href)) as Record<string, unknown>;
    expect(Object.keys(migration)).toEqual(['up']);
    expect(migration['up']).toBeTypeOf('function');
  });

  test('takes nothing away that views and grants of others may hang on', () => {
    expect(text).not.toMatch(/\bDROP\s+(TABLE|SCHEMA|COLUMN|VIEW)\b|\bTRUNCATE\s+(TABLE\s+)?lobbie/i);
  });

  test('depends on no code that may change: it imports kysely only', () => {
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
    expect(imports).toEqual(['kysely']);
  });
});
