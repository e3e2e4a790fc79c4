import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarrier, maySearch } from '../../src/db/embedded/account.ts';
import { findEmbeddedPostgres } from '../../src/db/embedded/binaries.ts';
import { chooseDataDirectory, reachableDirectories } from '../../src/db/embedded/directories.ts';
import { withFolder } from '../../src/db/embedded/folder.ts';
import { parsePostmasterFile } from '../../src/db/embedded/postmaster.ts';
import { logCodes, serverArguments, serverSettings } from '../../src/db/embedded/settings.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { freePort, readOrMakePassword } from '../../src/db/embedded/state-files.ts';
import { databaseName, isLeftover, newRunId, withDatabase, withoutPassword } from '../support/databases.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lobbie-sync-unit-'));
  await chmod(home, 0o755);
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('postmaster.pid', () => {
  test('gives process and port', () => {
    expect(parsePostmasterFile('42\n/data\n1700000000\n20123\n\n127.0.0.1\n 1 2\nready   \n')).toEqual({
      pid: 42,
      port: 20123,
    });
  });

  test('has no port in the first instant', () => {
    expect(parsePostmasterFile('42\n/data\n1700000000\n')).toEqual({ pid: 42, port: undefined });
  });

  test('never gives an impossible process or port, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const file = parsePostmasterFile(text);
        if (file === undefined) return;
        expect(file.pid).toBeGreaterThan(0);
        if (file.port !== undefined) expect(file.port).toBeLessThan(65_536);
      }),
    );
  });
});

describe('the server log', () => {
  test('is read by code', () => {
    const log = [
      '2026-01-02 03:04:05.678 UTC [12] 00000 LOG:  starting',
      '2026-01-02 03:04:05.679 UTC [12] F0001 FATAL:  lock file exists',
      'F0002 in a line without the prefix',
    ].join('\n');
    expect([...logCodes(log)]).toEqual(['F0001']);
  });

  test('may not hold values of rows', () => {
    const settings = serverSettings({ port: 20_000, durable: true });
    expect(settings).toMatchObject({ log_min_messages: 'log', log_min_error_statement: 'panic' });
    expect(settings).toMatchObject({ listen_addresses: '127.0.0.1', unix_socket_directories: '' });
    expect(settings['fsync']).toBeUndefined();
  });

  test('settings go on the command line one by one', () => {
    expect(serverArguments('/data', { port: '1', fsync: 'off' })).toEqual([
      '-D',
      '/data',
      '-c',
      'port=1',
      '-c',
      'fsync=off',
    ]);
  });
});

describe('the way to a directory', () => {
  const account = { uid: 65534, gid: 65534 };

  test.each([
    [{ uid: 0, gid: 0, mode: 0o711 }, true],
    [{ uid: 0, gid: 0, mode: 0o700 }, false],
    [{ uid: 0, gid: 65534, mode: 0o710 }, true],
    [{ uid: 0, gid: 65534, mode: 0o701 }, false],
    [{ uid: 65534, gid: 0, mode: 0o677 }, false],
  ])('%o: %s', (directory, expected) => {
    expect(maySearch(directory, account)).toBe(expected);
  });

  test('is barred by a closed directory above, also for a path that does not exist yet', async () => {
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const stranger = { uid: 54_321, gid: 54_321 };
    expect(await findBarrier(join(closed, 'a', 'b'), stranger)).toBe(closed);
    expect(await findBarrier(join(home, 'open', 'b'), stranger)).toBeUndefined();
  });

  test('goes around a barrier: data and programs go to a shared folder, and are found there again', async () => {
    const stranger = { uid: 54_321, gid: 54_321 };
    const wanted = join(home, 'closed', 'postgres');
    const shared = [join(home, 'closed', 'no'), join(home, 'shared')];
    const notes: string[] = [];
    const placed = await chooseDataDirectory(wanted, stranger, (note) => notes.push(note), shared);
    expect(placed).toMatch(join(home, 'shared', 'data-'));
    expect(notes).toHaveLength(1);
    expect(await chooseDataDirectory(wanted, stranger, () => {}, shared)).toBe(placed);
    const places: string[] = [];
    for await (const place of reachableDirectories(join(home, 'closed'), stranger, shared)) places.push(place);
    expect(places).toEqual([join(home, 'shared')]);
  });

  test('must be open when data lie behind it', async () => {
    const wanted = join(home, 'closed', 'filled');
    await mkdir(wanted);
    await writeFile(join(wanted, 'PG_VERSION'), '18\n');
    await expect(chooseDataDirectory(wanted, { uid: 54_321, gid: 54_321 }, () => {}, [home])).rejects.toMatchObject({
      code: 'database.embedded_unreachable',
    });
  });
});

describe('what is missing is named', () => {
  test('the optional package', () => {
    expect(() => findEmbeddedPostgres({ platform: 'sunos', arch: 'sparc' })).toThrow(
      expect.objectContaining({ code: 'database.embedded_missing', hint: expect.stringContaining('DATABASE_URL') }),
    );
  });

  test('a folder that can not take the data', async () => {
    const file = join(home, 'file-in-the-way');
    await writeFile(file, '');
    await expect(startEmbeddedPostgres({ dataDir: join(file, 'postgres') })).rejects.toMatchObject({
      code: 'database.embedded_folder',
      exitCode: 2,
      message: expect.stringContaining('a file is in its way'),
      hint: expect.stringContaining('DATABASE_URL'),
    });
    for (const code of ['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT']) {
      await expect(withFolder('/data', () => Promise.reject(Object.assign(new Error(''), { code })))).rejects.toThrow(
        `can't keep its data in /data: `,
      );
    }
    const other = Object.assign(new Error('other'), { code: 'EMFILE' });
    await expect(withFolder('/data', () => Promise.reject(other))).rejects.toBe(other);
  });

  test('the password of data that exist', async () => {
    const dataDir = join(home, 'lost');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'PG_VERSION'), '18\n');
    await expect(readOrMakePassword(`${dataDir}.password`, dataDir)).rejects.toMatchObject({
      code: 'database.embedded_password',
    });
  });
});

test('many processes that make a password at once agree on one', async () => {
  const path = join(home, 'together.password');
  const made = await Promise.all(Array.from({ length: 20 }, () => readOrMakePassword(path, join(home, 'together'))));
  expect(new Set(made).size).toBe(1);
  expect(made[0]).toHaveLength(32);
});

test('a port that is taken is not given', async () => {
  const taken = await freePort(undefined);
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
  expect(await freePort(taken)).not.toBe(taken);
  await new Promise((resolve) => server.close(resolve));
});

describe('test databases', () => {
  test('are named after their run and forgotten after a day', () => {
    const start = new Date('2026-01-02T00:00:00Z');
    const name = databaseName(newRunId(start, 77), 'abc');
    expect(name).toMatch(/^lobbie_test_[0-9a-z]+p77_abc$/);
    expect(isLeftover(name, new Date('2026-01-02T23:00:00Z'))).toBe(false);
    expect(isLeftover(name, new Date('2026-01-03T01:00:00Z'))).toBe(true);
    expect(isLeftover('lobbie', new Date())).toBe(false);
  });

  test('have the address of their server', () => {
    const url = withDatabase('postgres://me:secret@127.0.0.1:20000/lobbie?sslmode=disable', 'other');
    expect(url).toBe('postgres://me:secret@127.0.0.1:20000/other?sslmode=disable');
    expect(withoutPassword(url)).toBe('postgres://me@127.0.0.1:20000/other?sslmode=disable');
  });
});
