import { bigint, boolean, instant, json, stamped, text } from '../fields.ts';
import { membersOf } from '../members.ts';
import { defineResource } from '../resource.ts';
import { forms } from './forms.ts';

export const formPackets = defineResource({
  name: 'form_packets',
  description: 'One or more forms given to a patient. The forms and their answers have tables of their own.',
  strategy: { kind: 'recent', days: 7, openStatuses: ['PENDING', 'IN_PROGRESS'] },
  scope: 'location',
  reads: [
    {
      operation: 'listFormPackets',
      scope: 'location',
      listKey: 'formPackets',
      paginated: true,
      window: { from: 'startDate', to: 'endDate', column: 'created_at' },
    },
  ],
  get: { operation: 'getFormPacket', param: 'formPacketId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    patientName: text('direct'),
    locationId: bigint('operational'),
    locationName: text('operational'),
    status: text('operational'),
    formTemplateIds: json('operational'),
    forms: json('clinical', { members: membersOf(forms.fields) }),
    isActive: boolean('operational'),
    isArchived: boolean('operational'),
    dueDate: instant('quasi'),
    completedAt: instant('quasi'),
    ...stamped,
  },
});
