import { childRecords } from '../embedded.ts';
import { bigint, boolean, instant, json, stamped, text } from '../fields.ts';
import { membersOf } from '../members.ts';
import { defineResource } from '../resource.ts';
import { surrogateId } from '../surrogate.ts';
import { labTestPanels } from './lab_test_panels.ts';

export const labs = defineResource({
  name: 'labs',
  description: 'Lab orders. Panels and measured values have tables of their own.',
  strategy: { kind: 'recent', days: 7, newestFirst: true, openStatuses: ['PROCESSING', 'ORDER_ERROR'] },
  scope: 'location',
  reads: [
    {
      operation: 'listLabs',
      scope: 'location',
      listKey: 'labs',
      paginated: true,
      window: { from: 'startDate', to: 'endDate', column: 'entry_on' },
    },
  ],
  get: { operation: 'getLab', param: 'labId' },
  fields: {
    id: bigint('quasi'),
    patientId: bigint('quasi'),
    patientName: text('direct'),
    locationId: bigint('operational'),
    appointmentId: bigint('quasi'),
    status: text('operational'),
    vendorType: text('operational'),
    drawnBy: text('operational'),
    externalResult: boolean('operational'),
    locked: boolean('operational'),
    manual: boolean('operational'),
    notes: text('clinical'),
    testPanels: json('clinical', { members: membersOf(labTestPanels.fields) }),
    collectedOn: instant('quasi'),
    completedOn: instant('quasi'),
    entryOn: instant('quasi'),
    ...stamped,
  },
  embeds: [
    {
      resource: 'lab_test_panels',
      column: 'lab_id',
      // A list that leaves panels out may send an empty array, too.
      wholeWhen: { column: 'test_panels', holds: (text) => text !== null && text !== '[]' },
      *extract(lab) {
        const labId = lab.record['id'];
        let position = 0;
        for (const panel of childRecords(lab, 'testPanels', { lab_id: labId })) {
          position += 1;
          const { id, name } = panel.record;
          // The contract does not promise an id. Panels without one are identified by position in the lab and name.
          const panelId = id ?? surrogateId([panel.context['lab_id'] ?? '', String(position), String(name ?? '')]);
          yield { record: panel.record, context: { ...panel.context, id: String(panelId) } };
        }
      },
    },
  ],
});
