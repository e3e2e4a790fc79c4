import { authored, bigint, boolean, date, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const problems = defineResource({
  name: 'problems',
  description: 'Problems and diagnoses of patients.',
  strategy: { kind: 'children' },
  scope: 'account',
  reads: [
    {
      operation: 'listProblems',
      scope: 'account',
      listKey: 'problems',
      parent: { resource: 'patients', param: 'patientId', column: 'patient_id' },
    },
  ],
  get: { operation: 'getProblem', param: 'problemId' },
  context: ['patient_id'],
  fields: {
    id: bigint('operational'),
    patientId: bigint('quasi'),
    problem: text('clinical', { aliases: ['name'] }),
    icd10Code: text('clinical'),
    status: text('clinical'),
    active: boolean('clinical'),
    onsetDate: date('clinical'),
    endDate: date('clinical'),
    comment: text('clinical'),
    referenceId: text('clinical'),
    ...authored,
  },
});
