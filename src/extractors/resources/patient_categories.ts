import { bigint, instant, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const patientCategories = defineResource({
  name: 'patient_categories',
  description: "A patient's present category; a patient without one has no row.",
  strategy: { kind: 'children' },
  scope: 'account',
  reads: [
    {
      operation: 'getPatientCategory',
      scope: 'account',
      absentOn404: true,
      parent: { resource: 'patients', param: 'patientId', column: 'patient_id' },
    },
  ],
  key: ['patient_id'],
  context: ['patient_id'],
  fields: {
    patientId: bigint('quasi'),
    categoryId: bigint('clinical'),
    categoryName: text('clinical'),
    categoryColor: text('operational'),
    assignedAt: instant('operational'),
    assignedBy: text('operational'),
  },
});
