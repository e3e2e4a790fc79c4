import { bigint, date, json, stamped, text } from '../fields.ts';
import { members } from '../members.ts';
import { defineResource } from '../resource.ts';

const address = members('line1', 'line2', 'city', 'stateRegion', 'postalCode');

export const patients = defineResource({
  name: 'patients',
  description: 'Persons under care in one account. Time stamps are assumed by the contract and may be null.',
  strategy: { kind: 'full' },
  scope: 'account',
  holdsPersons: true,
  reads: [{ operation: 'listPatients', scope: 'account', listKey: 'patients', paginated: true }],
  get: { operation: 'getPatient', param: 'patientId' },
  fields: {
    id: bigint('quasi'),
    firstName: text('direct'),
    lastName: text('direct'),
    dateOfBirth: date('quasi'),
    email: text('direct'),
    mobilePhone: text('direct'),
    gender: text('quasi'),
    homeAddress: json('direct', { members: address }),
    mailingAddress: json('direct', { members: address }),
    ...stamped,
  },
});
