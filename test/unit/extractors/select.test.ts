import { describe, expect, test } from 'vitest';
import { RESOURCES, resourceNamed } from '../../../src/extractors/registry.ts';
import { carrierOf, chooseRead, prerequisites, selectResources } from '../../../src/extractors/select.ts';

const names = (chosen: readonly string[]) => selectResources(chosen).map(({ name }) => name);

describe('choosing resources', () => {
  test('no name means all that have a read', () => {
    expect(names([])).toEqual(RESOURCES.filter(({ reads }) => reads.length > 0).map(({ name }) => name));
  });

  test('a resource that comes inside another brings the one that carries it', () => {
    expect(names(['lab_test_panels'])).toEqual(['labs']);
    expect(names(['form_answers'])).toEqual(['forms']);
    expect(names(['lab_test_components'])).toEqual(['labs', 'lab_test_components']);
    expect(carrierOf(resourceNamed('lab_test_components'))?.name).toBe('lab_test_panels');
  });

  test('keeps the order of the registry and knows no repetition', () => {
    expect(names(['patients', 'locations', 'patients'])).toEqual(['locations', 'patients']);
  });

  test('an unknown name is a fault', () => {
    expect(() => names(['persons'])).toThrow(RangeError);
  });
});

describe('what must be there before', () => {
  test.each<[string, string[]]>([
    ['locations', []],
    ['patients', []],
    ['allergies', ['patients']],
    ['appointments', ['locations']],
    ['forms', ['form_packets', 'locations']],
    ['self_scheduling_settings', ['remote_care_settings']],
    ['role_groups', []],
  ])('%s', (name, wanted) => {
    expect(prerequisites(resourceNamed(name))).toEqual(wanted);
  });
});

test('the newer form of a read is taken only where the settings choose it', () => {
  const [read] = resourceNamed('forms').reads;
  if (read === undefined) throw new Error('forms have no read');
  expect(chooseRead(read, new Set()).operation).toBe('getFormPacket');
  expect(chooseRead(read, new Set(['getFormPacketForms'])).operation).toBe('getFormPacketForms');
  expect(chooseRead(read, new Set(['listPatients'])).operation).toBe('getFormPacket');
});
