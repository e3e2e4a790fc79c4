import { createHmac, randomBytes } from 'node:crypto';

const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Issues and checks bearer tokens (signed, so that an expired one can be distinguished from a made-up one). */
export class Tokens {
  #secret = randomBytes(32);
  #ttl: number;
  #now: () => number;
  #good = new Map<string, number>();

  /** @param ttlSeconds life of a token. @param now milliseconds of the wall clock. */
  constructor(ttlSeconds: number, now: () => number) {
    this.#ttl = ttlSeconds;
    this.#now = now;
  }

  /** A new token for a client. */
  issue(client: string): string {
    const issued = this.#now() / 1000;
    const body = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ sub: client, iat: Math.floor(issued), exp: issued + this.#ttl, jti: randomBytes(6).toString('hex') })}`;
    return `${body}.${this.#sign(body)}`;
  }

  /** Undefined for a good token, else the message of the 401. */
  problem(token: string): string | undefined {
    let expires = this.#good.get(token);
    if (expires === undefined) {
      const cut = token.lastIndexOf('.');
      const body = token.slice(0, cut);
      if (cut < 0 || this.#sign(body) !== token.slice(cut + 1)) return 'Invalid token';
      expires = (JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }).exp;
      this.#good.set(token, expires);
    }
    if (this.#now() / 1000 < expires) return undefined;
    this.#good.delete(token);
    return 'Token expired';
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url');
  }
}
