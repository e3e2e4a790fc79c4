import { authored, bigint, boolean, date, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const allergies = defineResource({
  name: 'allergies',
  description: 'Allergies of patients.',
  strategy: { kind: 'children' },
  scope: 'account',
  reads: [
    {
      operation: 'listAllergies',
      scope: 'account',
      listKey: 'allergies',
      parent: { resource: 'patients', param: 'patientId', column: 'patient_id' },
    },
  ],
  get: { operation: 'getAllergy', param: 'allergyId' },
  context: ['patient_id'],
  fields: {
    id: bigint('operational'),
    patientId: bigint('quasi'),
    allergy: text('clinical'),
    mainReaction: text('clinical'),
    severity: text('clinical'),
    status: text('clinical'),
    active: boolean('clinical'),
    onsetDate: date('clinical'),
    endDate: date('clinical'),
    comment: text('clinical'),
    referenceId: text('clinical'),
    ...authored,
  },
});
