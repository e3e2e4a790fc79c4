import { text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const webhookEventTypes = defineResource({
  name: 'webhook_event_types',
  description: 'Event types that can be subscribed to. account_id 0 holds those of the token-level list.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [
    { operation: 'listEventTypes', scope: 'account', listKey: 'eventTypes', listKeyAliases: ['items'] },
    { operation: 'listEventTypes1', scope: 'global', listKey: 'eventTypes', listKeyAliases: ['items'] },
  ],
  key: ['event_type'],
  fields: {
    eventType: text('operational', { aliases: ['name'] }),
    description: text('operational'),
  },
});
