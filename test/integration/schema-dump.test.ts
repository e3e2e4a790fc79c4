import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';
import { schemaText } from '../support/schema-text.ts';

const database = useTestDatabase();

test('docs/schema.sql is what the migrations make; npm run schema:dump writes it anew', async () => {
  const text = await withClient(database.url, schemaText);
  expect(text).toBe(readFileSync(new URL('../../docs/schema.sql', import.meta.url), 'utf8'));
});
