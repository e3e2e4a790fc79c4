import fastify, { type FastifyInstance } from 'fastify';
import { registerAdmin } from './admin.ts';
import { registerApi, type Service } from './api.ts';
import { registerOauth } from './oauth.ts';
import { sendError } from './send.ts';

/** The HTTP server of the simulator with all its routes, not yet listening. */
export function makeServer(service: Service): FastifyInstance {
  let requests = 0;
  const app = fastify({
    logger: false,
    genReqId: () => {
      requests += 1;
      return String(requests).padStart(8, '0');
    },
    bodyLimit: 64 * 1024 * 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (String(body).trim() === '') return done(null, undefined);
    try {
      return done(null, JSON.parse(String(body)));
    } catch {
      return done(Object.assign(new Error('The body is not JSON'), { statusCode: 400 }), undefined);
    }
  });
  app.setErrorHandler((error, _request, reply) => {
    const failure = error as Error & { statusCode?: number };
    return sendError(reply, failure.statusCode ?? 500, failure.message);
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, 404, `No such path: ${request.method} ${request.url}`));
  registerOauth(app, service);
  registerApi(app, service);
  registerAdmin(app, service);
  return app;
}
