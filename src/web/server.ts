import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { LobbieSyncError } from '../core/errors.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { checkBinding, isAuthorized, isLocalName, withoutBrackets } from './access.ts';
import { METRICS_TYPE, renderMetrics } from './metrics.ts';
import { type Overview, readOverview } from './overview.ts';
import { PAGE_POLICY, renderPage } from './page.ts';
import type { LimiterView, ServiceView } from './view.ts';

export interface WebOptions {
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly view: ServiceView;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 lets the system choose. Default 8787. */
  readonly port?: number | undefined;
  /** Required on every route but /healthz and /readyz, and required to listen on any address but this machine's own. */
  readonly adminToken?: string | undefined;
  /** Names of migrations that the database lacks. */
  readonly pendingMigrations: () => Promise<readonly string[]>;
  readonly limiter?: (() => LimiterView) | undefined;
  /** Adds routes that check access themselves, e.g. signed deliveries. Called before the server listens. */
  readonly routes?: ((app: FastifyInstance) => void | Promise<void>) | undefined;
}

export interface WebServer {
  /** @throws LobbieSyncError with exit code 2 when the address can't be bound */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Where it listens, e.g. `http://127.0.0.1:8787`; undefined before `start`. */
  readonly url: string | undefined;
}

/** How long the database may take to answer a page, milliseconds. */
const ANSWER_MS = 5000;

/** How long the check of the schema is cached once it has passed, milliseconds. */
const SCHEMA_MS = 60_000;

/**
 * Creates the server of the status page, its JSON, health and metrics. It only reads, and it shows nothing about persons.
 *
 * @throws LobbieSyncError with exit code 2 when other machines could reach it without a token
 */
export function createWebServer(options: WebOptions): WebServer {
  const { db, clock, logger, view, adminToken, limiter } = options;
  const { host = '127.0.0.1', port = 8787 } = options;
  checkBinding(host, adminToken);
  const app = Fastify({ logger: false, bodyLimit: 1_048_576, forceCloseConnections: 'idle', requestTimeout: 30_000 });
  let schemaSeenAt = Number.NEGATIVE_INFINITY;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  app.addHook('onSend', async (_request, reply, body) => {
    if (!reply.hasHeader('content-security-policy')) {
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    }
    reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    return body;
  });
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error, route: request.routeOptions.url ?? '' }, 'a request failed');
    return await reply.code(status).send({ error: status >= 500 ? 'internal' : 'bad_request' });
  });

  async function guard(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    if (!adminToken) {
      return isLocalName(request.headers.host) ? undefined : await reply.code(421).send({ error: 'misdirected' });
    }
    const page = request.routeOptions.url === '/';
    if (isAuthorized(request.headers.authorization, adminToken, page)) return undefined;
    const challenge = page ? 'Basic realm="lobbie-sync", charset="UTF-8"' : 'Bearer realm="lobbie-sync"';
    return await reply.code(401).header('www-authenticate', challenge).send({ error: 'unauthorized' });
  }
  app.setNotFoundHandler({ preHandler: guard }, async (_request, reply) => {
    return await reply.code(404).send({ error: 'not_found' });
  });

  async function overview(): Promise<Overview | undefined> {
    try {
      return await within(ANSWER_MS, readOverview(db, clock.now()));
    } catch (error) {
      logger.warn({ err: error }, 'the status could not be read');
      return undefined;
    }
  }

  async function reasons(): Promise<readonly string[]> {
    const found = view.draining ? ['draining'] : [];
    try {
      await within(ANSWER_MS, sql`SELECT 1`.execute(db));
    } catch {
      return [...found, 'database_unreachable'];
    }
    const now = clock.now().getTime();
    if (Math.abs(now - schemaSeenAt) < SCHEMA_MS) return found;
    try {
      if ((await within(ANSWER_MS, options.pendingMigrations())).length > 0) return [...found, 'schema_not_current'];
      schemaSeenAt = now;
      return found;
    } catch {
      return [...found, 'schema_unknown'];
    }
  }

  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const found = await reasons();
    return await reply.code(found.length === 0 ? 200 : 503).send({ ready: found.length === 0, reasons: found });
  });
  app.get('/metrics', { onRequest: guard }, async (_request, reply) => {
    const answer = await renderMetrics(await overview(), view, limiter?.(), clock.now());
    return await reply.type(METRICS_TYPE).send(answer);
  });
  app.get('/api/status', { onRequest: guard }, async (_request, reply) => {
    const read = await overview();
    const { draining, jobs } = view;
    const base = { at: clock.now(), draining, database: { reachable: read !== undefined }, schedule: jobs };
    if (read === undefined) return await reply.code(503).send(base);
    const { runs, running, lastSuccess, freshness, openRejects, nightlySyncs, alerts, outbox } = read;
    return { ...base, running, lastSuccess, runs, freshness, openRejects, nights: nightlySyncs, alerts, outbox };
  });
  app.get('/', { onRequest: guard }, async (_request, reply) => {
    const read = await overview();
    return await reply
      .code(read === undefined ? 503 : 200)
      .header('content-security-policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(renderPage(read, view, clock.now()));
  });

  async function listen(): Promise<void> {
    if (options.routes !== undefined) await app.register(async (scope) => void (await options.routes?.(scope)));
    try {
      await app.listen({ host: withoutBrackets(host), port });
    } catch (cause) {
      await app.close();
      const { code } = cause as { code?: unknown };
      if (typeof code !== 'string' || !code.startsWith('E')) throw cause;
      throw new LobbieSyncError(`the status page can't listen on ${host} port ${port} (${code})`, {
        code: 'web.listen',
        action: 'abort',
        exitCode: 2,
        hint: 'Free the port, or choose another with LOBBIE_SYNC_HOST and LOBBIE_SYNC_PORT.',
        cause,
      });
    }
  }

  return {
    get url() {
      const address = app.server.address() as AddressInfo | null;
      if (address === null) return undefined;
      return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
    },
    async start() {
      starting ??= listen().then(() => logger.info({ url: this.url }, 'the status page is up'));
      await starting;
    },
    async stop() {
      stopping ??= app.close();
      await stopping;
    },
  };
}

/** The result of the work, or an error when it takes too long. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
