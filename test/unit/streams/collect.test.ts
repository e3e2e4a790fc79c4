import { describe, expect, test } from 'vitest';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { Read } from '../../../src/extractors/resource.ts';
import { collect, merge, preparerOf } from '../../../src/streams/collect.ts';

const patients = resourceNamed('patients');
const [read] = patients.reads as [Read];
const options = {
  accountId: '1001',
  context: {},
  readAt: new Date('2024-01-01T00:00:00Z'),
  unknown: () => new Map<string, number>(),
};

describe('collect', () => {
  test('makes rows of records, in order', () => {
    const found = collect(patients, read, [{ id: 2 }, { id: 1 }, { id: 2 }], options);
    expect([...found.keys()]).toEqual(['patients']);
    expect(found.get('patients')?.rows.map(({ key }) => key[1])).toEqual(['2', '1', '2']);
    expect(found.get('patients')?.rows[0]?.readAt).toBe(options.readAt);
  });

  test('an empty page brings nothing', () => {
    expect(collect(patients, read, [], options).size).toBe(0);
  });

  test.each([[null], ['text'], [7], [[{ id: 1 }]], [undefined]])(
    'a record that is no object is a reject: %j',
    (record) => {
      const found = collect(patients, read, [{ id: 1 }, record], options).get('patients');
      expect(found?.rows).toHaveLength(1);
      expect(found?.rejects).toMatchObject([
        { recordKey: null, reason: 'the record is not an object', accountId: '1001' },
      ]);
      expect(() => JSON.parse(found?.rejects[0]?.record ?? '')).not.toThrow();
    },
  );

  test('rows of a second list are marked, their children too', () => {
    const groups = resourceNamed('form_template_groups');
    const second = groups.reads.find((each) => each.secondary === true);
    if (second === undefined) throw new Error('form_template_groups has no second list');
    const found = collect(groups, second, [{ id: 1 }], { ...options, context: { location_id: '5' } });
    expect(found.get('form_template_groups')?.rows[0]?.secondary).toBe(true);
  });

  test('the preparer of a resource is made once', () => {
    expect(preparerOf(patients)).toBe(preparerOf(patients));
  });
});

describe('merge', () => {
  test('puts pages together in their order, resource by resource', () => {
    const first = collect(patients, read, [{ id: 1 }, 'x'], options);
    const second = collect(patients, read, [{ id: 2 }], options);
    const lab = collect(resourceNamed('labs'), read, [{ id: 3, testPanels: [{ id: 4 }] }], {
      ...options,
      context: { location_id: '5' },
    });
    const all = merge([first, lab, second]);
    expect([...all.keys()].sort()).toEqual(['lab_test_panels', 'labs', 'patients']);
    expect(all.get('patients')?.rows.map(({ key }) => key[1])).toEqual(['1', '2']);
    expect(all.get('patients')?.rejects).toHaveLength(1);
    // The parts stay as they were: a batch that is stored again must not grow.
    expect(first.get('patients')?.rows).toHaveLength(1);
  });

  test('of one page is that page; of none is empty', () => {
    const only = collect(patients, read, [{ id: 1 }], options);
    expect(merge([only])).toBe(only);
    expect(merge([]).size).toBe(0);
  });
});
