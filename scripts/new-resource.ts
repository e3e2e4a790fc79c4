/**
 * `npm run new-resource NAME [OPERATION]`: writes the four edits that a new list needs, from what the contract says of it.
 * What a person has to decide stays in them as comments marked QUESTION. Nothing that exists is overwritten.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { RESOURCES } from '../src/extractors/registry.ts';
import { planList, Refusal } from './new-resource-contract.ts';
import { MARK, migrationText, registryText, resourceText, rowsText } from './new-resource-text.ts';

const ROOT = new URL('../', import.meta.url);
const REGISTRY = 'src/extractors/registry.ts';
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** The next free number of a migration, and the file that has the name already. */
function migrationOf(name: string): { path: string; taken: string | undefined } {
  const files = readdirSync(new URL('migrations/', ROOT)).sort();
  const next = Math.max(0, ...files.map((file) => Number.parseInt(file, 10) || 0)) + 1;
  const taken = files.find((file) => file.endsWith(`_${name}.ts`));
  return { path: `migrations/${String(next).padStart(4, '0')}_${name}.ts`, taken: taken && `migrations/${taken}` };
}

/** Ids begin in a range that no other declared list has, so that a mixed-up id is found. */
function idBase(): number {
  return 7_000_001 + readdirSync(new URL('simulator/rows/tables/', ROOT)).length * 1_000_000;
}

function main([name, operation]: readonly string[]): void {
  if (name === undefined) throw new Refusal('Say the name of the table: npm run new-resource waitlist_entries');
  const plan = planList(read('contract/openapi.yaml'), name, operation, RESOURCES);
  const migration = migrationOf(name);
  const files = new Map([
    [`src/extractors/resources/${name}.ts`, resourceText(plan)],
    [migration.path, migrationText(plan)],
    [`simulator/rows/tables/${name}.ts`, rowsText(plan, idBase())],
  ]);
  const there = [...files.keys(), migration.taken].filter(
    (path) => path !== undefined && existsSync(new URL(path, ROOT)),
  );
  if (there.length > 0) throw new Refusal(`already there, nothing was written: ${there.join(', ')}`);
  if (RESOURCES.some((resource) => resource.name === name))
    throw new Refusal(`${REGISTRY} has ${name} already, nothing was written`);
  const registry = registryText(read(REGISTRY), plan);
  for (const [path, text] of files) writeFileSync(new URL(path, ROOT), text, { flag: 'wx' });
  writeFileSync(new URL(REGISTRY, ROOT), registry);
  const written = [...files.keys(), REGISTRY];
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  spawnSync(process.execPath, [biome, 'format', '--write', ...written], { cwd: fileURLToPath(ROOT), stdio: 'ignore' });
  for (const path of written) {
    const questions = read(path).split(MARK).length - 1;
    console.log(`${path}${questions === 0 ? '' : `: ${questions} questions`}`);
  }
  console.log(`\nAnswer each ${MARK} and delete its comment, then: npm test`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
