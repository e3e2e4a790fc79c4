import { expect, test } from 'vitest';
import { checkBinding, isAuthorized, isLocalName, isLoopback, withoutBrackets } from '../../../src/web/access.ts';

test.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
  expect(() => checkBinding(host, undefined)).not.toThrow();
});

test.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', 'localhost.example.org', ''])(
  '%s needs a token',
  (host) => {
    expect(isLoopback(host)).toBe(false);
    for (const token of [undefined, '']) {
      expect(() => checkBinding(host, token)).toThrow(
        expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('LOBBIE_SYNC_ADMIN_TOKEN') }),
      );
    }
    expect(() => checkBinding(host, 'token')).not.toThrow();
  },
);

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

test('the token as Bearer; as the password of Basic where that is allowed', () => {
  expect(isAuthorized('Bearer s3cret: x', 's3cret: x', false)).toBe(true);
  expect(isAuthorized('bearer s3cret: x', 's3cret: x', false)).toBe(true);
  expect(isAuthorized(basic('anybody:s3cret: x'), 's3cret: x', true)).toBe(true);
  expect(isAuthorized(basic('anybody:s3cret: x'), 's3cret: x', false)).toBe(false);
});

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer s3cre',
  'Bearer s3crett',
  's3cret',
  'Digest s3cret',
  basic('s3cret'),
  basic(':'),
])('not %s', (header) => {
  expect(isAuthorized(header, 's3cret', true)).toBe(false);
});

test('a foreign page that points its name to 127.0.0.1 is refused', () => {
  for (const host of ['127.0.0.1:8787', 'localhost:8787', '[::1]:8787', 'localhost'])
    expect(isLocalName(host)).toBe(true);
  for (const host of ['rebound.example.org:8787', undefined, '']) expect(isLocalName(host)).toBe(false);
});

test.each([
  ['[::1]', '::1'],
  ['::1', '::1'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::]', '::'],
])('the server listens for %s on %s', (host, address) => expect(withoutBrackets(host)).toBe(address));
