import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { LobbieSyncError } from '../core/errors.ts';

/** An address without the brackets that an IPv6 address has in a URL: `[::1]` → `::1`. Pure. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** Whether an address is a loopback address or name of this machine. */
export function isLoopback(host: string): boolean {
  const bare = withoutBrackets(host).toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/**
 * Refuses to listen on an address that other machines can reach, unless there is a token.
 *
 * @throws LobbieSyncError with exit code 2
 */
export function checkBinding(host: string, adminToken: string | undefined): void {
  if (isLoopback(host) || adminToken) return;
  throw new LobbieSyncError(`the status page would be open to everybody on ${host}`, {
    code: 'web.token_required',
    action: 'abort',
    exitCode: 2,
    hint: 'Set LOBBIE_SYNC_ADMIN_TOKEN (or LOBBIE_SYNC_ADMIN_TOKEN_FILE), or leave LOBBIE_SYNC_HOST at 127.0.0.1.',
  });
}

/** Whether an Authorization header carries the token: as Bearer, or as the password of Basic if that is allowed. */
export function isAuthorized(header: string | undefined, adminToken: string, basic: boolean): boolean {
  const [, scheme = '', value = ''] = /^(\S+) +(.*)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return sameSecret(value, adminToken);
  if (!basic || scheme.toLowerCase() !== 'basic') return false;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon >= 0 && sameSecret(pair.slice(colon + 1), adminToken);
}

/** Compares two secrets in constant time, so that an attacker learns neither their length nor where they differ. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Whether a Host header names this machine. Without a token everybody who reaches the page may read it, and a foreign web page
 * could reach it by pointing its own domain name to 127.0.0.1 (DNS rebinding).
 */
export function isLocalName(header: string | undefined): boolean {
  return isLoopback((header ?? '').replace(/:\d+$/, ''));
}
