import { bigint, instant, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const categoryTransitions = defineResource({
  name: 'category_transitions',
  description: 'Changes of category of a patient; an append-only log.',
  strategy: { kind: 'children' },
  scope: 'account',
  reads: [
    {
      operation: 'listCategoryTransitions',
      scope: 'account',
      listKey: 'transitions',
      paginated: true,
      parent: { resource: 'patients', param: 'patientId', column: 'patient_id' },
    },
  ],
  get: { operation: 'getCategoryTransition', param: 'transitionId', parentParam: 'patientId' },
  context: ['patient_id'],
  fields: {
    id: bigint('operational'),
    patientId: bigint('quasi'),
    fromCategoryId: bigint('clinical'),
    fromCategoryName: text('clinical'),
    toCategoryId: bigint('clinical'),
    toCategoryName: text('clinical'),
    trigger: text('operational'),
    reason: text('clinical'),
    changedBy: text('operational'),
    transitionedAt: instant('quasi'),
  },
});
