import { bigint, boolean, integer, stamped, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const categories = defineResource({
  name: 'categories',
  description: 'Category definitions. patient_count is derived and may move while updated_at stays.',
  strategy: { kind: 'full' },
  scope: 'account',
  reads: [{ operation: 'listCategories', scope: 'account', listKey: 'categories', paginated: true }],
  get: { operation: 'getCategory', param: 'categoryId' },
  fields: {
    id: bigint('operational'),
    name: text('operational'),
    description: text('operational'),
    color: text('operational'),
    active: boolean('operational'),
    isDefault: boolean('operational'),
    patientCount: integer('operational', { volatile: true }),
    sortOrder: integer('operational'),
    ...stamped,
  },
});
