import type { FastifyInstance } from 'fastify';
import { INSTEAD_OF_ANSWER } from '../faults.ts';
import type { Service } from './api.ts';
import { sendError, sendInstead } from './send.ts';

/** Registers POST /oauth/token (and the newer generation's /oauth2/token): client credentials as form fields. */
export function registerOauth(app: FastifyInstance, service: Service): void {
  const { settings } = service.world;
  for (const url of ['/oauth/token', '/oauth2/token']) {
    app.post(url, async (request, reply) => {
      service.stats.token();
      const fault = service.faults.match({ operation: 'token', path: url, hasCursor: false, isList: false })?.rule;
      if (fault?.kind === 'status') return sendError(reply, fault.status ?? 500, 'Try again later', fault.retryAfter);
      if (fault?.kind === 'timeout') return reply.hijack();
      if (fault?.kind === 'reset-before' || fault?.kind === 'reset-after') {
        reply.hijack();
        reply.raw.destroy();
        return reply;
      }
      if (!(request.body instanceof URLSearchParams)) return sendError(reply, 400, 'Send the fields as a form');
      const form = request.body;
      if (settings.apiKey !== undefined && request.headers['x-api-key'] !== settings.apiKey)
        return sendError(reply, 401, 'x-api-key is missing or wrong');
      if (form.get('grant_type') !== 'client_credentials')
        return sendError(reply, 400, 'grant_type must be client_credentials');
      if (form.get('client_id') !== settings.clientId || form.get('client_secret') !== settings.clientSecret)
        return sendError(reply, 401, 'Unknown client or wrong secret');
      if (settings.scope !== undefined && form.get('scope') !== settings.scope)
        return sendError(reply, 400, 'Unknown scope');
      const token = service.tokens.issue(settings.clientId);
      if (fault !== undefined && INSTEAD_OF_ANSWER.has(fault.kind)) {
        sendInstead(reply, fault);
        return reply;
      }
      return reply.send({
        access_token: token,
        token_type: 'Bearer',
        expires_in: settings.tokenTtlSeconds,
      });
    });
  }
}
