import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { parseDotEnv } from '../../../src/config/dot-env.ts';

describe('a # in a value', () => {
  test.each([
    ['SECRET=abc#def', 'abc#def', 1],
    ['export SECRET=abc#def', 'abc#def', 1],
    ['SECRET=abc#def # the secret', 'abc#def', 1],
    ['SECRET="abc#def"', 'abc#def', 0],
    [`SECRET='abc#def'`, 'abc#def', 0],
    ['SECRET=abc # the secret', 'abc', 0],
    ['SECRET=abc', 'abc', 0],
    ['# SECRET=abc#def', undefined, 0],
  ])('%s', (line, value, warnings) => {
    const read = parseDotEnv(`OTHER=1\r\n${line}\nLAST=2\n`);
    expect(read.values['SECRET']).toBe(value);
    expect([read.values['OTHER'], read.values['LAST']]).toEqual(['1', '2']);
    expect(read.warnings).toHaveLength(warnings);
    expect(read.warnings.join()).not.toContain('abc');
  });
});

test('a byte order mark is read past', () => {
  expect(parseDotEnv('\uFEFFLOBBIE_CLIENT_ID=x\nB=y').values).toEqual({ LOBBIE_CLIENT_ID: 'x', B: 'y' });
});

describe('a file that holds a secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lobbie-sync-secret-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is reported as empty, and read past its mark', () => {
    const [empty, marked] = [join(folder, 'empty'), join(folder, 'marked')];
    writeFileSync(empty, '\n');
    writeFileSync(marked, '\uFEFFsecret\n');
    const load = (file: string) =>
      loadConfig({
        cwd: folder,
        terminal: false,
        env: { LOBBIE_CLIENT_ID: 'a', LOBBIE_ACCOUNT_IDS: '1', LOBBIE_CLIENT_SECRET_FILE: file },
      });
    expect(() => load(empty)).toThrow(/LOBBIE_CLIENT_SECRET_FILE names a file that is empty/);
    expect(load(marked).lobbie().clientSecret).toBe('secret');
  });
});
