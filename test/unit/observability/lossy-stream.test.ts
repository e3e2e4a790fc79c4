import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/logger.ts';
import { lostLogLines } from '../../../src/observability/lossy-stream.ts';

const LOGGER = fileURLToPath(new URL('../../../src/observability/logger.ts', import.meta.url));
const LOSSY = fileURLToPath(new URL('../../../src/observability/lossy-stream.ts', import.meta.url));

describe('a log that can not be written', () => {
  test.each(['json', 'pretty'])('on a full disk ends no process, and its lines are counted (%s)', (format) => {
    const code = `
      import { createLogger } from ${JSON.stringify(LOGGER)};
      import { lostLogLines } from ${JSON.stringify(LOSSY)};
      const logger = createLogger({ level: 'info', format: '${format}' });
      for (let line = 0; line < 3; line += 1) {
        logger.info({ line }, 'said');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log('lives', lostLogLines());`;
    const full = openSync('/dev/full', 'w');
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', full],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(child.status).toBe(0);
    expect(child.stdout).toBe('lives 3\n');
  });

  test('whose reader is gone ends nothing', () => {
    const before = lostLogLines();
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const logger = createLogger({ level: 'info', format: 'json', stream });
    logger.info({}, 'said');
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      expect(lostLogLines()).toBeGreaterThan(before);
    });
  });

  test('that throws ends nothing', () => {
    const before = lostLogLines();
    const stream = new Writable();
    stream.write = () => {
      throw new Error('ENOSPC');
    };
    createLogger({ level: 'info', format: 'json', stream }).info({}, 'said');
    expect(lostLogLines()).toBe(before + 1);
  });
});
