import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { addMissingLinks, prepareBinaries } from '../../src/db/embedded/binaries.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  findEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/db/embedded/index.ts';
import { withClient } from '../support/databases.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NOBODY = { uid: 65534, gid: 65534 };
const isRoot = process.geteuid?.() === 0;

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lobbie-sync-embedded-'));
  await chmod(home, 0o755);
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Starts a server that is stopped after the test, whatever happens in it. */
async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ durable: false, ...options });
  onTestFinished(() => server.stop());
  return server;
}

function query<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(text, values)).rows);
}

interface Child {
  readonly process: ChildProcess;
  readonly answer: Promise<{ url: string; pid: number; alreadyRunning: boolean; dataDir: string; notes: string[] }>;
}

/** Starts the server in a process of its own. */
function child(
  dataDir: string,
  mode: string,
  from: { node?: string; root?: string; uid?: number; gid?: number } = {},
): Child {
  const { node = process.execPath, root = ROOT, ...account } = from;
  const script = join(root, 'test', 'support', 'embedded-child.ts');
  const started = spawn(node, ['--disable-warning=ExperimentalWarning', script, dataDir, mode], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...account,
  });
  const answer = once(started.stdout!.setEncoding('utf8'), 'data').then(([line]) => {
    const parsed = JSON.parse(line);
    if (parsed.error !== undefined) throw new Error(parsed.error);
    return parsed;
  });
  return { process: started, answer };
}

test('starts, keeps its address over a restart, and ends', async () => {
  const dataDir = join(home, 'plain', 'postgres');
  const first = await start({ dataDir });
  expect(first.alreadyRunning).toBe(false);
  const [facts] = await query(
    first.url,
    `select current_database() as name, pg_encoding_to_char(encoding) as encoding, datlocprovider::text as provider,
            upper('äß') as upper, current_setting('listen_addresses') as listens, current_setting('TimeZone') as zone
       from pg_database where datname = current_database()`,
  );
  expect(facts).toEqual({
    name: 'lobbie',
    encoding: 'UTF8',
    provider: 'b',
    upper: 'Äß',
    listens: '127.0.0.1',
    zone: 'UTC',
  });
  await first.stop();
  await first.stop();
  await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  const second = await start({ dataDir });
  expect(second).toMatchObject({ url: first.url, alreadyRunning: false });
  expect(second.pid).not.toBe(first.pid);
});

test('is closed to others: password, files, network', async () => {
  const server = await start({ dataDir: join(home, 'closed', 'postgres') });
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  for (const suffix of ['.password', '.log', '.port']) {
    expect((await stat(server.dataDir + suffix)).mode & 0o077, suffix).toBe(0);
  }
  expect((await stat(server.dataDir)).mode & 0o077).toBe(0);
  for (const { address, family, internal } of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
    if (internal || family !== 'IPv4') continue;
    const elsewhere = new URL(server.url);
    elsewhere.hostname = address;
    await expect(query(elsewhere.href, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
});

test('writes no value of a row into its log', async () => {
  const server = await start({ dataDir: join(home, 'log', 'postgres') });
  await query(server.url, 'create table person (id int primary key, born date)');
  await query(server.url, `insert into person values (1, '1990-01-01')`);
  const mistakes = [
    `insert into person values (2, 'CANARY')`,
    `insert into person values (1, '1990-01-01') /* CANARY */`,
    `do $$ begin raise exception 'CANARY'; end $$`,
    `do $$ begin raise warning 'CANARY'; end $$`,
  ];
  for (const mistake of mistakes) await query(server.url, mistake).catch(() => {});
  await expect(query(server.url, 'select $1::date', ['CANARY'])).rejects.toMatchObject({ code: '22007' });
  const log = await readFile(`${server.dataDir}.log`, 'utf8');
  expect(log).toContain('ready to accept connections');
  expect(log).not.toContain('CANARY');
});

test('outlives a parent that is killed, and is found again', async () => {
  const dataDir = join(home, 'orphan', 'postgres');
  const parent = child(dataDir, 'wait');
  const before = await parent.answer;
  await query(before.url, 'create table kept as select 1 as one');
  parent.process.kill('SIGKILL');
  await once(parent.process, 'exit');

  const found = await start({ dataDir });
  expect(found).toMatchObject({ url: before.url, pid: before.pid, alreadyRunning: true });
  expect(await query(found.url, 'select one from kept')).toEqual([{ one: 1 }]);
  expect(await start({ dataDir })).toMatchObject({ pid: before.pid, alreadyRunning: true });
});

test('two starts at once share one server', async () => {
  const dataDir = join(home, 'twice', 'postgres');
  const answers = await Promise.all([child(dataDir, 'leave').answer, child(dataDir, 'leave').answer]);
  const found = await start({ dataDir });
  expect(answers.map((answer) => answer.pid)).toEqual([found.pid, found.pid]);
  expect(answers.map((answer) => answer.url)).toEqual([found.url, found.url]);
  expect(answers.filter((answer) => !answer.alreadyRunning)).toHaveLength(1);
  expect((await readdir(dirname(dataDir))).filter((name) => name.includes('.new-'))).toEqual([]);
});

test('committed rows survive kill -9, also while a backend of the dead server still works', async () => {
  const dataDir = join(home, 'killed', 'postgres');
  const first = await start({ dataDir, durable: true });
  await query(first.url, 'create table kept (id int)');
  await query(first.url, 'insert into kept select generate_series(1, 5000)');
  // A backend in the middle of a computation doesn't notice that its server is gone, and holds the shared memory.
  const busy = new pg.Client({ connectionString: first.url });
  busy.on('error', () => {});
  await busy.connect();
  const ended = busy.query('select sum(sqrt(n)) from generate_series(1, 12000000) n').catch(() => {});
  const open = new pg.Client({ connectionString: first.url });
  open.on('error', () => {});
  await open.connect();
  await open.query('begin');
  await open.query('insert into kept values (0)');
  process.kill(first.pid, 'SIGKILL');

  const second = await start({ dataDir, durable: true });
  expect(second).toMatchObject({ url: first.url, alreadyRunning: false });
  expect(await query(second.url, 'select count(*)::int as rows, min(id) as first from kept')).toEqual([
    { rows: 5000, first: 1 },
  ]);
  await ended;
  await Promise.allSettled([busy.end(), open.end()]);
});

test('a process id that now belongs to another program does not stop it', async () => {
  const dataDir = join(home, 'stale', 'postgres');
  const first = await start({ dataDir });
  const pidFile = join(dataDir, 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8');
  await first.stop();
  // The same user as the server's: only then does Postgres itself take it for a server.
  const other = spawn('sleep', ['60'], { stdio: 'ignore', cwd: '/', ...(isRoot ? NOBODY : {}) });
  onTestFinished(() => void other.kill());
  await writeFile(pidFile, text.replace(String(first.pid), String(other.pid)));
  if (isRoot) await chown(pidFile, NOBODY.uid, NOBODY.gid);

  expect(await start({ dataDir })).toMatchObject({ url: first.url, alreadyRunning: false });
});

test('what keeps it from starting is reported, with the path of its log', async () => {
  const dataDir = join(home, 'port', 'postgres');
  const first = await start({ dataDir });
  await first.stop();
  const squatter = createServer().listen(first.port, '127.0.0.1');
  await once(squatter, 'listening');
  onTestFinished(() => void squatter.close());
  await expect(startEmbeddedPostgres({ dataDir, port: first.port, durable: false })).rejects.toMatchObject({
    code: 'database.embedded_start',
    message: expect.stringContaining('Address already in use'),
    hint: expect.stringContaining(`${dataDir}.log`),
  });
  // Where nobody asked for that port, another one is taken.
  const second = await start({ dataDir });
  expect(second.port).not.toBe(first.port);
});

describe('programs as an install without scripts leaves them', () => {
  /** The package without its library links, in a directory of the given mode. */
  async function bareCopy(name: string, mode: number): Promise<string> {
    const { movable } = findEmbeddedPostgres();
    const native = join(home, name, 'package', 'native');
    await mkdir(join(home, name));
    await cp(movable!, native, { recursive: true, verbatimSymlinks: true });
    await copyFile(join(movable!, '..', 'package.json'), join(home, name, 'package', 'package.json'));
    for (const entry of await readdir(join(native, 'lib'), { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(native, 'lib', entry.name));
    }
    await chmod(join(home, name), mode);
    return native;
  }

  test('get their library links', async () => {
    const native = await bareCopy('bare', 0o755);
    const dataDir = join(home, 'bare-data', 'postgres');
    const server = await start({ dataDir, binaries: { bin: join(native, 'bin'), movable: native } });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await addMissingLinks(native)).toBe(false);
    expect(await readdir(join(home, 'bare-data'))).not.toContainEqual(expect.stringContaining('programs'));
  });

  test('are copied beside the data when they can’t be fixed or reached where they are', async () => {
    // Closed to `nobody` under root; without write permission for everybody else.
    const native = await bareCopy('shut', isRoot ? 0o700 : 0o755);
    await chmod(join(native, 'lib'), 0o555);
    onTestFinished(() => chmod(join(native, 'lib'), 0o755));
    const besideData = join(home, 'shut-data');
    await mkdir(besideData, { mode: 0o711 });
    const notes: string[] = [];
    const binaries = { bin: join(native, 'bin'), movable: native };
    const prepare = () =>
      prepareBinaries(binaries, isRoot ? NOBODY : undefined, besideData, (note) => notes.push(note));
    const [first, second] = await Promise.all([prepare(), prepare()]);
    expect(first).toEqual(second);
    expect(dirname(dirname(first.postgres))).toMatch(join(besideData, 'postgres-programs-'));
    expect(notes).toHaveLength(2);
    expect(await readdir(besideData)).toHaveLength(1);
  });
});

test('an ordinary user needs nothing but a checkout that may be read', async () => {
  // A copy that `nobody` can reach, however closed the directory of this checkout is.
  const copy = join(home, 'checkout');
  for (const part of ['package.json', 'src/core', 'src/db/embedded', 'test/support/embedded-child.ts']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  }
  const { movable } = findEmbeddedPostgres();
  const scope = dirname(dirname(movable!));
  const packages = [...(await packagesBelow('pg')), scope.slice(join(ROOT, 'node_modules').length + 1)];
  for (const name of packages) {
    await cp(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  const node = join(copy, 'node');
  await copyFile(process.execPath, node);
  const own = join(home, 'own');
  await mkdir(own, { mode: 0o700 });
  if (isRoot) await chown(own, NOBODY.uid, NOBODY.gid);

  const dataDir = join(own, '.lobbie-sync', 'postgres');
  const user = { node, root: copy, ...(isRoot ? NOBODY : {}) };
  const made = await child(dataDir, 'leave', user).answer;
  expect(made).toMatchObject({ alreadyRunning: false, dataDir, notes: [] });
  expect(await query(made.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await child(dataDir, 'stop', user).answer).toMatchObject({ alreadyRunning: true, pid: made.pid });
  // What a user made stays theirs when root comes by.
  expect(await start({ dataDir })).toMatchObject({ url: made.url, alreadyRunning: false });
  expect((await stat(dataDir)).uid).toBe(isRoot ? NOBODY.uid : process.geteuid?.());
});

/** A package and everything that it needs, as folders of node_modules. */
async function packagesBelow(name: string, seen: Set<string> = new Set()): Promise<ReadonlySet<string>> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const manifest = JSON.parse(await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(manifest.dependencies ?? {})) await packagesBelow(dependency, seen);
  return seen;
}
