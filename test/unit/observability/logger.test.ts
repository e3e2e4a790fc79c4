import { Writable } from 'node:stream';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { LobbieSyncError } from '../../../src/core/errors.ts';
import { createLogger, silentLogger } from '../../../src/observability/logger.ts';

const CANARY = 'Zx-canary-person';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function logged(fields: Record<string, unknown>, format: 'json' | 'pretty' = 'json'): string {
  const stream = new Sink();
  createLogger({ level: 'trace', format, stream }).error(fields, 'something went wrong');
  return stream.text;
}

const NAMES = [
  'record',
  'row',
  'raw',
  'body',
  'payload',
  'data',
  'token',
  'secret',
  'password',
  'authorization',
  'apiKey',
];

function databaseError(): Error {
  return Object.assign(new pg.DatabaseError(`bad ${CANARY}`, 1, 'error'), {
    code: '23505',
    detail: `Key (email)=(${CANARY}) already exists.`,
    where: `COPY patients, line 1: "${CANARY}"`,
    hint: CANARY,
  });
}

describe.each(['json', 'pretty'] as const)('as %s', (format) => {
  test.each(NAMES)('what is logged as %s is cut out, also one level down', (name) => {
    expect(logged({ [name]: CANARY }, format)).not.toContain(CANARY);
    expect(logged({ [name]: { firstName: CANARY, list: [CANARY] } }, format)).not.toContain(CANARY);
    expect(logged({ context: { [name]: CANARY } }, format)).not.toContain(CANARY);
    expect(logged({ [name]: CANARY }, format)).toContain('[cut]');
  });

  test.each(['err', 'error', 'cause'])('an error of the database under %s keeps its code and no text', (name) => {
    const text = logged({ [name]: databaseError() }, format);
    expect(text).not.toContain(CANARY);
    expect(text).toContain('23505');
  });

  test('a foreign error keeps its name and no text; one of our own keeps its message', () => {
    const own = new LobbieSyncError('list 7 is busy', { code: 'state.busy', action: 'skip', cause: databaseError() });
    expect(logged({ err: new TypeError(CANARY) }, format)).not.toContain(CANARY);
    expect(logged({ err: new TypeError(CANARY) }, format)).toContain('TypeError');
    expect(logged({ err: own }, format)).toContain('list 7 is busy');
    expect(logged({ err: own }, format)).not.toContain(CANARY);
  });
});

test('what is thrown may be anything', () => {
  for (const thrown of [undefined, null, CANARY, 7, { message: CANARY, detail: CANARY }]) {
    expect(logged({ err: thrown })).not.toContain(CANARY);
  }
});

test('ids, names and codes are kept', () => {
  const line = JSON.parse(logged({ account: '1001', resource: 'patients', code: 'api.forbidden' })) as object;
  expect(line).toMatchObject({ account: '1001', resource: 'patients', code: 'api.forbidden', level: 50 });
});

test('nothing below the level is written', () => {
  const stream = new Sink();
  const logger = createLogger({ level: 'warn', format: 'json', stream });
  logger.info({}, 'quiet');
  expect(stream.text).toBe('');
  logger.warn({}, 'loud');
  expect(stream.text).toContain('loud');
});

test('the silent logger takes everything', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    expect(() => silentLogger[level]({ err: new Error('x') }, 'x')).not.toThrow();
  }
});
