import { createHmac } from 'node:crypto';
import type { Catalogue } from '../data/catalogue.ts';
import type { Row } from '../data/types.ts';
import { hashText, mix } from '../random.ts';
import { nextId } from '../world.ts';
import { type Answer, ApiError, accountOf, type Call, missing, nowText, one } from './call.ts';

/** The endpoints of the account in the path, else those of the token. */
function endpointsOf(call: Call): Catalogue {
  const lists = 'accountId' in call.params ? accountOf(call).catalogues : call.world.global;
  return lists.get('webhook_endpoints') as Catalogue;
}

function endpointOf(call: Call): Row {
  const id = call.params['webhookId'] as number;
  const row = endpointsOf(call).get({}, id);
  if (row === undefined) throw missing('Webhook', id);
  return row;
}

/** Receivers must be https; plain http is let through for this machine alone, so that tests need no certificate. */
function checkUrl(url: unknown): void {
  if (url === undefined) return;
  const { protocol, hostname } = new URL(String(url));
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && local)) throw new ApiError(400, 'url must be https');
}

function checkTypes(call: Call, types: unknown): void {
  const known =
    call.world.global
      .get('webhook_event_types')
      ?.rows()
      .map((row) => row['eventType']) ?? [];
  const unknown = ((types ?? []) as string[]).find((type) => !known.includes(type));
  if (unknown !== undefined) throw new ApiError(400, `Unknown event type ${unknown}`);
}

/** The signing secret of an endpoint: shown once, but always the same for a seed. */
export function secretOf(seed: number, id: number): string {
  return `whsec_${mix(mix(seed, hashText('webhook')), id).toString(36)}${mix(id, seed).toString(36)}`;
}

/** POST /webhook */
export function createWebhook(call: Call): Answer {
  const { body, world } = call;
  checkUrl(body['url']);
  checkTypes(call, body['eventTypes']);
  const row = {
    id: nextId(world, 'webhooks') + 10_000,
    url: body['url'],
    name: body['name'] ?? null,
    eventTypes: body['eventTypes'],
    enabled: true,
    lastDelivery: null,
    createdAt: nowText(call),
    updatedAt: nowText(call),
  };
  endpointsOf(call).add({ row });
  return one({ ...row, signingSecret: secretOf(world.settings.seed, row.id) }, 201);
}

/** PUT /webhook/{webhookId} */
export function updateWebhook(call: Call): Answer {
  const { id } = endpointOf(call);
  checkUrl(call.body['url']);
  checkTypes(call, call.body['eventTypes']);
  const fields: Row = { updatedAt: nowText(call) };
  for (const field of ['url', 'eventTypes', 'enabled', 'name']) {
    if (call.body[field] !== undefined) fields[field] = call.body[field];
  }
  endpointsOf(call).patch(id as number, fields);
  return one(endpointOf(call));
}

/** DELETE /webhook/{webhookId} */
export function deleteWebhook(call: Call): Answer {
  endpointsOf(call).setHidden(endpointOf(call)['id'] as number, true);
  return { kind: 'none' };
}

/** The headers and body of a signed delivery. `seconds` is the time of signing since 1970. */
export function signed(body: string, secret: string, seconds: number): Record<string, string> {
  const v1 = createHmac('sha256', secret)
    .update(`${String(seconds)}.${body}`)
    .digest('hex');
  return { 'content-type': 'application/json', 'x-lobbie-signature': `t=${String(seconds)},v1=${v1}` };
}

/** POST /webhook/{webhookId}/test: sends test.ping to receivers on this machine; the outcome shows in `lastDelivery`. */
export function testWebhook(call: Call): Answer {
  const endpoint = endpointOf(call);
  const endpoints = endpointsOf(call);
  const id = endpoint['id'] as number;
  const { world } = call;
  const eventId = `evt_${(world.counters.get('events') ?? 0) + 1}_${mix(id, 7).toString(36)}`;
  world.counters.set('events', (world.counters.get('events') ?? 0) + 1);
  const url = String(endpoint['url']);
  const attempted = { eventId, attemptedAt: nowText(call) };
  endpoints.patch(id, { lastDelivery: { ...attempted, status: 'PENDING', responseStatus: null } });
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)) return one({ sent: true, eventId });
  const body = JSON.stringify({
    version: '1',
    eventId,
    eventType: 'test.ping',
    accountId: call.params['accountId'] ?? null,
    environment: 'simulator',
    occurredAt: nowText(call),
    sentAt: nowText(call),
    deliveryAttempt: 1,
    data: { message: 'ping' },
  });
  const headers = signed(body, secretOf(world.settings.seed, id), Math.floor(Date.now() / 1000));
  const settle = (status: string, responseStatus: number | null): void => {
    endpoints.patch(id, { lastDelivery: { ...attempted, status, responseStatus } });
  };
  fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) }).then(
    (response) => settle(response.ok ? 'SUCCEEDED' : 'FAILED', response.status),
    () => settle('FAILED', null),
  );
  return one({ sent: true, eventId });
}
