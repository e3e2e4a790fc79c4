import { bigint, boolean, json, stamped, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

export const webhookEndpoints = defineResource({
  name: 'webhook_endpoints',
  description: 'Registered receivers. account_id 0 holds those of the token-level list, whose accounts are unknown.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [
    { operation: 'listWebhookEndpoints', scope: 'account', listKey: 'items', listKeyAliases: ['webhooks'] },
    { operation: 'listWebhookEndpoints1', scope: 'global', listKey: 'items', listKeyAliases: ['webhooks'] },
  ],
  get: { operation: 'getWebhookEndpoint', param: 'webhookId' },
  fields: {
    id: bigint('operational'),
    // A receiver's URL may hold a token of its owner.
    url: text('direct'),
    name: text('operational'),
    eventTypes: json('operational'),
    enabled: boolean('operational'),
    lastDelivery: json('operational', {
      volatile: true,
      members: members('eventId', 'status', 'attemptedAt', 'responseStatus'),
    }),
    ...stamped,
  },
});
