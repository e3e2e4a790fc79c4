import { describe, expect, test } from 'vitest';
import { childRecords } from '../../../src/extractors/embedded.ts';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { Sourced } from '../../../src/extractors/resource.ts';
import { surrogateId } from '../../../src/extractors/surrogate.ts';
import { collect } from '../../../src/streams/collect.ts';

const options = { accountId: '1001', context: { location_id: '5' }, readAt: new Date(0), unknown: () => new Map() };

function read(resource: string, records: readonly unknown[], context: Record<string, string> = { location_id: '5' }) {
  const found = resourceNamed(resource);
  const [first] = found.reads;
  if (first === undefined) throw new Error(`${resource} has no read`);
  return collect(found, first, records, { ...options, context });
}

describe('children of a record', () => {
  const source: Sourced = {
    record: { id: 3, parts: [{ id: 1 }, 'text', null] },
    context: { account_id: '9', location_id: '5', patient_id: '7', other_id: '8' },
  };

  test('inherit account, location and patient, and get the ids that are passed in', () => {
    const [first] = childRecords(source, 'parts', { box_id: 3 });
    expect(first).toEqual({
      record: { id: 1 },
      context: { account_id: '9', location_id: '5', patient_id: '7', box_id: '3' },
    });
  });

  test('that are no objects are handed on empty, so that they are rejected by name', () => {
    expect([...childRecords(source, 'parts', {})].map(({ record }) => record)).toEqual([{ id: 1 }, {}, {}]);
  });

  test('are none where the field is missing or no array', () => {
    expect([...childRecords(source, 'absent', {})]).toEqual([]);
    expect([...childRecords({ ...source, record: { parts: { id: 1 } } }, 'parts', {})]).toEqual([]);
  });

  test('values that are neither text nor number are not used as ids', () => {
    const [first] = childRecords(source, 'parts', { a_id: null, b_id: {}, c_id: undefined, d_id: true });
    expect(first?.context).toEqual({ account_id: '9', location_id: '5', patient_id: '7' });
  });

  test('an id beyond 2^53 keeps its digits', () => {
    const id = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('9007199254740993');
    const [first] = childRecords(source, 'parts', { box_id: id });
    expect(first?.context['box_id']).toBe('9007199254740993');
  });
});

describe('labs', () => {
  const lab = {
    id: 80,
    testPanels: [
      { id: 31, name: 'Blood', components: [{ id: 1, name: 'Glucose' }, { id: 2 }] },
      { name: 'Urine', components: [{ id: 3 }] },
      { name: 'Urine' },
    ],
  };

  test('give panels and components, each with the ids above it', () => {
    const found = read('labs', [lab]);
    expect(found.get('labs')?.rows.map(({ key }) => key)).toEqual([['1001', '80']]);
    const panels = found.get('lab_test_panels')?.rows ?? [];
    expect(panels.map(({ key }) => key[1])).toEqual([
      '31',
      expect.stringMatching(/^-\d+$/),
      expect.stringMatching(/^-\d+$/),
    ]);
    expect(new Set(panels.map(({ key }) => key[1])).size).toBe(3);
    const components = found.get('lab_test_components')?.rows ?? [];
    expect(components.map(({ key }) => key)).toEqual([
      ['1001', '1'],
      ['1001', '2'],
      ['1001', '3'],
    ]);
    expect(components.map(({ values }) => values.slice(-3))).toEqual([
      ['5', '80', '31'],
      ['5', '80', '31'],
      ['5', '80', panels[1]?.key[1]],
    ]);
  });

  test('made-up ids of panels are the same every time', () => {
    const keys = () =>
      read('labs', [lab])
        .get('lab_test_panels')
        ?.rows.map(({ key }) => key);
    expect(keys()).toEqual(keys());
  });

  test('a component without an id is rejected, the others are kept', () => {
    const found = read('labs', [{ id: 80, testPanels: [{ id: 1, components: [{ name: 'x' }, { id: 4 }, 'text'] }] }]);
    expect(found.get('lab_test_components')?.rows).toHaveLength(1);
    expect(found.get('lab_test_components')?.rejects.map(({ reason }) => reason)).toEqual([
      'id: required, but missing',
      'id: required, but missing',
    ]);
  });

  test('a lab that is rejected brings no panels: they would hang in the air', () => {
    const found = read('labs', [{ ...lab, entryOn: 'yesterday' }]);
    expect(found.get('labs')?.rejects).toHaveLength(1);
    expect(found.has('lab_test_panels')).toBe(false);
  });
});

describe('form packets', () => {
  const packet = {
    id: 40,
    forms: [
      {
        id: 54,
        answers: [
          { formElementId: 1, value: 'a' },
          { formElementId: 2, value: 'b' },
        ],
      },
      { id: 55 },
    ],
  };
  const context = { location_id: '5', form_packet_id: '40' };

  test('carry forms and their answers, and have no row of their own here', () => {
    const found = read('forms', [packet], context);
    expect([...found.keys()].sort()).toEqual(['form_answers', 'forms']);
    expect(found.get('forms')?.rows.map(({ key }) => key)).toEqual([
      ['1001', '54'],
      ['1001', '55'],
    ]);
    expect(found.get('form_answers')?.rows.map(({ key }) => key)).toEqual([
      ['1001', '54', '1'],
      ['1001', '54', '2'],
    ]);
    expect(found.get('form_answers')?.rows[0]?.values.slice(-3)).toEqual(['5', '54', '40']);
  });

  test('the newer form of the read gives the forms themselves', () => {
    const forms = resourceNamed('forms');
    const newer = forms.reads[0]?.newer;
    if (newer === undefined) throw new Error('forms have no newer read');
    const found = collect(forms, newer, packet.forms, { ...options, context });
    const same = read('forms', [packet], context).get('forms')?.rows ?? [];
    expect(found.get('forms')?.rows).toEqual(same.map((row) => ({ ...row, formerHashes: expect.any(Function) })));
    expect(found.get('form_answers')?.rows).toHaveLength(2);
  });
});

describe('made-up ids', () => {
  test('are negative, fit into 64 bits and depend on every part', () => {
    const ids = [['a'], ['a', ''], ['', 'a'], ['ab', 'c'], ['a', 'bc'], []].map(surrogateId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(BigInt(id)).toBeLessThan(0n);
      expect(BigInt(id)).toBeGreaterThanOrEqual(-(2n ** 63n));
    }
  });

  test('of template attributes come from template and name', () => {
    const at = (record: object, template = '9') =>
      read('form_template_attributes', [record], { location_id: '5', form_template_id: template }).get(
        'form_template_attributes',
      );
    expect(at({ name: 'x' })?.rows[0]?.key).toEqual(at({ attributeName: 'x' })?.rows[0]?.key);
    expect(at({ name: 'x' })?.rows[0]?.key).not.toEqual(at({ name: 'x' }, '10')?.rows[0]?.key);
    expect(at({ id: 7, name: 'x' })?.rows[0]?.key).toEqual(['1001', '7']);
    expect(at({ label: 'no name' })?.rejects).toHaveLength(1);
  });
});
