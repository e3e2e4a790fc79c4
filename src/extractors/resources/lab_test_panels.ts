import { childRecords } from '../embedded.ts';
import { bigint, json, text } from '../fields.ts';
import { membersOf } from '../members.ts';
import { defineResource } from '../resource.ts';
import { labTestComponents } from './lab_test_components.ts';

export const labTestPanels = defineResource({
  name: 'lab_test_panels',
  description: 'Groups of tests inside a lab. A negative id means that the API sent none.',
  strategy: { kind: 'embedded' },
  scope: 'location',
  reads: [],
  context: ['lab_id'],
  surrogateId: ({ context }) => context['id'],
  fields: {
    id: bigint('quasi'),
    name: text('clinical'),
    components: json('clinical', { members: membersOf(labTestComponents.fields) }),
  },
  embeds: [
    {
      resource: 'lab_test_components',
      column: 'panel_id',
      extract: (panel) =>
        childRecords(panel, 'components', { lab_id: panel.context['lab_id'], panel_id: panel.context['id'] }),
    },
  ],
});
