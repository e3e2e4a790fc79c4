import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runNode } from './run.ts';

/** The examples as a user has them: beside an installed package, compiled against its types. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { folder, nodes } = inject('installed');
const examples = join(folder, 'examples');

beforeAll(() => {
  cpSync(join(ROOT, 'examples'), examples, { recursive: true });
});

/** `text` compiles against the types of the package, with their own files checked too. */
async function compile(files: readonly string[]) {
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    try {
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--exactOptionalPropertyTypes'];
  const args = ['--noEmit', '--ignoreConfig', '--skipLibCheck', 'false', '--types', 'node', ...options, ...files];
  return await runNode(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ...args], {
    cwd: folder,
  });
}

test('the examples compile against the types of the package', async () => {
  const files = ['backfill', 'freshness', 'queue-change'].map((name) => join('examples', `${name}.ts`));
  expect(await compile(files)).toEqual({ code: 0, out: '', err: '' });
});

test('the types refuse what is wrong', async () => {
  writeFileSync(
    join(folder, 'right.ts'),
    `import { createApiClient, createApp, type LobbieSync, type RunReport, type StatusReport } from 'lobbie-sync';
     import { type Simulator, startSimulator } from 'lobbie-sync/simulator';
     export const app: LobbieSync = createApp({ settings: {}, folder: '.' });
     export const report: Promise<RunReport> = app.backfill({ selection: { resources: ['patients'] }, restart: true });
     export const at: (status: StatusReport) => Date | null = (status) => status.lists[0]?.lastCertifiedAt ?? null;
     export const started: (run: StatusReport) => Date | undefined = ({ runs }) => runs[0]?.started_at;
     export const api: typeof createApiClient = createApiClient;
     export const simulator: Promise<Simulator> = startSimulator({ patients: 5 });`,
  );
  expect(await compile(['right.ts'])).toEqual({ code: 0, out: '', err: '' });
  const wrong = [
    `createApp({ settings: { DATABASE_URL: 1 } });`,
    `createApp({ settings: {} }).backfill({ selection: { resource: ['patients'] } });`,
    `createApp({ settings: {} }).queue([{ resource: 'invoices', operation: 'update', accountId: '1' }]);`,
    `createApp({ settings: {} }).status().then(({ lists }) => lists[0]!.lastCertifiedAt.getTime());`,
    `createApp({ settings: {} }).pool();`,
  ];
  writeFileSync(join(folder, 'wrong.ts'), [`import { createApp } from 'lobbie-sync';`, ...wrong].join('\n'));
  const { code, out } = await compile(['wrong.ts']);
  expect(code).not.toBe(0);
  const lines = [...out.matchAll(/^wrong\.ts\((\d+),/gm)].map(([, line]) => Number(line));
  expect([...new Set(lines)]).toEqual(wrong.map((_text, at) => at + 2));
});

describe.each(Object.entries(nodes))('Node %s', (version, node) => {
  const cwd = join(folder, `examples-${version}`);
  let settings: Record<string, string>;
  let end: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    mkdirSync(cwd);
    const bin = join(folder, 'node_modules', 'lobbie-sync', 'bin', 'lobbie-sync.js');
    const args = ['simulate', '--port', '0', '--accounts', '1001', '--patients', '12', '--json'];
    const child = spawn(node, [bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let text = '';
    for await (const line of createInterface({ input: child.stdout })) {
      text += line;
      if (line === '}') break;
    }
    if (child.exitCode !== null) throw new Error('the simulator ended');
    settings = { ...JSON.parse(text).settings, LOG_LEVEL: 'warn', LOBBIE_REQUESTS_PER_SECOND: '1000' };
    end = async () => {
      child.kill('SIGTERM');
      await ended;
    };
  });
  afterAll(() => end?.());

  // One after the other: each needs what the one before has read. All use the embedded Postgres of this folder.
  test('the examples run: a backfill, freshness, a change', async () => {
    const run = (name: string, ...args: string[]) =>
      runNode(node, ['--disable-warning=ExperimentalWarning', join(examples, `${name}.ts`), ...args], {
        cwd,
        env: settings,
      });
    const backfill = await run('backfill');
    expect(backfill).toMatchObject({ code: 0, err: '' });
    expect(backfill.out).toMatch(/^backfill 1 succeeded: \d+ lists whole, \d+ requests\n$/);
    const fresh = await run('freshness');
    expect(fresh).toMatchObject({ code: 0, err: '' });
    expect(fresh.out).toMatch(/^0 of \d+ lists are older than 1 days\nlast complete run: 20/);
    expect((await run('freshness', '0')).code).toBe(4);
    const patient = await somePatient(settings);
    const queued = await run('queue-change', '1001', patient, 'new@example.com');
    expect(queued).toEqual({ code: 0, err: '', out: 'change 1: succeeded\n' });
    expect(await run('queue-change', '1001', patient, 'no address')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^email /),
    });
  });
});

async function somePatient({ LOBBIE_API_URL = '', LOBBIE_TOKEN_URL = '' }: Record<string, string>): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: 'demo-client', client_secret: 'demo-secret' };
  const token = await fetch(LOBBIE_TOKEN_URL, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token } = (await token.json()) as { access_token: string };
  const answer = await fetch(`${LOBBIE_API_URL}/partner/v2/account/1001/patient`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  const { patients } = (await answer.json()) as { patients: readonly { readonly id: number }[] };
  return String(patients[0]?.id);
}
