import { authored, bigint, boolean, date, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const medications = defineResource({
  name: 'medications',
  description: 'Medications of patients.',
  strategy: { kind: 'children' },
  scope: 'account',
  reads: [
    {
      operation: 'listMedications',
      scope: 'account',
      listKey: 'medications',
      parent: { resource: 'patients', param: 'patientId', column: 'patient_id' },
    },
  ],
  get: { operation: 'getMedication', param: 'medicationId' },
  context: ['patient_id'],
  fields: {
    id: bigint('operational'),
    patientId: bigint('quasi'),
    medication: text('clinical', { aliases: ['name'] }),
    dosage: text('clinical'),
    dosageInstructions: text('clinical'),
    status: text('clinical'),
    active: boolean('clinical'),
    startDate: date('clinical'),
    endDate: date('clinical'),
    comment: text('clinical'),
    referenceId: text('clinical'),
    ...authored,
  },
});
