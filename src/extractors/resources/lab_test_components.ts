import { bigint, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** True for a lab (alias `p`) whose list row carried its panels with their components. */
const EMBEDDED = `(jsonb_typeof(p.test_panels) = 'array' AND p.test_panels <> '[]'::jsonb AND NOT EXISTS (
  SELECT FROM jsonb_array_elements(CASE jsonb_typeof(p.test_panels) WHEN 'array' THEN p.test_panels ELSE '[]' END) AS panel
  WHERE jsonb_typeof(panel -> 'components') IS DISTINCT FROM 'array'))`;

/** Components come embedded in the lab list. The list of components is read only for labs that came without them. */
export const labTestComponents = defineResource({
  name: 'lab_test_components',
  description:
    'Measured values of labs; value and bounds are text. panel_id is null when the lab list carried no panels.',
  strategy: { kind: 'children' },
  scope: 'location',
  reads: [
    {
      operation: 'listTestComponents',
      scope: 'location',
      listKey: 'testComponents',
      listKeyAliases: ['components'],
      parent: { resource: 'labs', param: 'labId', column: 'lab_id', where: `${EMBEDDED} IS NOT TRUE` },
    },
  ],
  get: { operation: 'getTestComponent', param: 'componentId', parentParam: 'labId' },
  context: ['lab_id', 'panel_id'],
  fields: {
    id: bigint('quasi'),
    name: text('clinical'),
    externalId: text('clinical'),
    value: text('clinical'),
    unit: text('clinical'),
    referenceLow: text('clinical'),
    referenceHigh: text('clinical'),
    referenceText: text('clinical'),
    abnormalFlag: text('clinical'),
    resultStatus: text('clinical'),
  },
});
