import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readAsText } from '../support/compare.ts';
import { useTestDatabase } from '../support/database.ts';

/**
 * Carries out docs/adding-a-resource.md on a copy of the project: contract, commands and answers are taken from the page, so
 * that a step which no longer works is found here and not by a newcomer.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = ['node_modules', '.git', 'dist', 'coverage', '.lobbie-sync', '.env'].map((name) => join(ROOT, name));
const TABLE = 'waitlist_entries';
const FILES = [`src/extractors/resources/${TABLE}.ts`, `simulator/rows/tables/${TABLE}.ts`] as const;

const database = useTestDatabase({ from: 'nothing' });
let copy: string;
let page: string;
let simulator: ChildProcess | undefined;

/** The blocks of the page in one language, in order. */
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text as string);

/** A clean environment: nothing of this test run may leak into the copy. */
const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: [dirname(process.execPath), join(copy, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  HOME: process.env['HOME'] ?? copy,
  TEST_DATABASE_URL: inject('database').serverUrl,
  ...more,
});

/** Runs one line of the page in the copy. */
async function run(line: string, more: Readonly<Record<string, string>> = {}): Promise<{ code: number; text: string }> {
  const child = spawn(line, { cwd: copy, env: environment(more), shell: true });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  child.stderr.on('data', (data) => (text += String(data)));
  const code = await new Promise<number>((done) => child.once('close', (exit) => done(exit ?? -1)));
  return { code, text: text.slice(-3000) };
}

/** Runs all lines of a block of commands; each must succeed. */
async function runBlock(block: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const line of block.trim().split('\n')) expect(await run(line, more), line).toMatchObject({ code: 0 });
}

const inCopy = (path: string): Promise<string> => readFile(join(copy, path), 'utf8');

beforeAll(async () => {
  page = await readFile(join(ROOT, 'docs/adding-a-resource.md'), 'utf8');
  copy = await mkdtemp(join(tmpdir(), 'lobbie-sync-copy-'));
  await cp(ROOT, copy, { recursive: true, filter: (from) => !LEFT_OUT.includes(from.replace(/\/$/, '')) });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
});

afterAll(async () => {
  simulator?.kill('SIGTERM');
  await rm(copy, { recursive: true, force: true });
});

test('a newcomer who follows the page has the new list in a warehouse', async () => {
  const began = performance.now();
  const [paths, schemas] = blocks('yaml');
  const [write, check, load] = blocks('sh');
  const answers = blocks('ts');

  const contract = await inCopy('contract/openapi.yaml');
  const added = contract.replace('\npaths:\n', () => `\npaths:\n${paths}`);
  await writeFile(
    join(copy, 'contract/openapi.yaml'),
    added.replace('\n  schemas:\n', () => `\n  schemas:\n${schemas}`),
  );
  await runBlock(write as string);

  for (const [index, path] of FILES.entries()) {
    const written = await inCopy(path);
    const answered = answers[index] as string;
    expect(unasked(written).filter((line) => !answered.includes(line))).toEqual([]);
    await writeFile(join(copy, path), answered);
  }
  const again = await run(`npm run new-resource ${TABLE}`);
  expect(again.code).toBe(2);
  expect(again.text).toContain('nothing was written');
  expect(await inCopy(FILES[0])).toBe(answers[0]);

  await runBlock(check as string);
  expect(await run(`npx biome check ${FILES.join(' ')} src/extractors/registry.ts`)).toMatchObject({ code: 0 });

  const api = await startSimulator();
  await runBlock(load as string, {
    LOBBIE_API_URL: api.url,
    LOBBIE_TOKEN_URL: api.tokenUrl,
    LOBBIE_CLIENT_ID: 'demo-client',
    LOBBIE_CLIENT_SECRET: 'demo-secret',
    LOBBIE_ACCOUNT_IDS: '1001',
    DATABASE_URL: database.url,
  });
  const lines = await (await fetch(`${api.adminUrl}/rows?account=1001&resource=${TABLE}`)).text();
  const truth = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { row: { id: number; status: string } });
  const stored = await readAsText(database.url, `SELECT id, status FROM lobbie.${TABLE} ORDER BY id`);
  expect(truth.length).toBeGreaterThan(5);
  expect(stored.map(({ id, status }) => [id, status])).toEqual(
    truth.map(({ row }) => [String(row.id), row.status]).toSorted(([a], [b]) => Number(a) - Number(b)),
  );
  console.log(`from the contract to ${stored.length} rows in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}, 600_000);

/** The lines of a written file that no question is about: a question stands above what it asks about. */
function unasked(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const asked = lines.findLastIndex((line) => line.includes('row: ('));
  return lines.filter(
    (line, index) =>
      !line.includes('QUESTION') &&
      !(lines[index - 1] ?? '').includes('QUESTION') &&
      // The values of a made-up row are one question.
      !(asked >= 0 && index > asked && line.startsWith('      ')) &&
      !line.startsWith('/**'),
  );
}

async function startSimulator(): Promise<{ url: string; tokenUrl: string; adminUrl: string }> {
  const args = ['simulator/main.ts', '--port', '0', '--patients', '50', '--accounts', '1001'];
  const child = spawn(process.execPath, args, { cwd: copy, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  simulator = child;
  const line = await new Promise<string>((done) => child.stdout.once('data', (data) => done(String(data))));
  return JSON.parse(line) as { url: string; tokenUrl: string; adminUrl: string };
}
