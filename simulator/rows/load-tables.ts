import { readdir } from 'node:fs/promises';
import type { RowsSpec } from './define.ts';

const FOLDER = new URL('./tables/', import.meta.url);

/**
 * Every declared list. The folder is read, as that of the migrations is, so that a new list is one new file and no line
 * elsewhere that could be forgotten.
 * @throws Error when a file declares nothing.
 */
export async function loadTables(): Promise<RowsSpec[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\w+\.(ts|js)$/.test(name)).sort();
  const found: RowsSpec[] = [];
  for (const name of names) {
    const exported = Object.values((await import(new URL(name, FOLDER).href)) as Record<string, RowsSpec>);
    if (exported.length === 0) throw new Error(`${name} declares no list`);
    found.push(...exported);
  }
  return found;
}
