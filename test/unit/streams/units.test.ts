import { describe, expect, test } from 'vitest';
import { RESOURCES, resourceNamed } from '../../../src/extractors/registry.ts';
import type { Read } from '../../../src/extractors/resource.ts';
import { type Unit, unitName, unitScope } from '../../../src/streams/context.ts';
import { planUnits, TOKEN_ACCOUNT, unitPriority } from '../../../src/streams/units.ts';

const asIs = (read: Read) => read;
const all = planUnits(RESOURCES, '1001', ['5', '6'], asIs);
const of = (name: string) => all.filter(({ unit }) => unit.resource.name === name);
const names = (units: readonly Unit[]) => units.map((unit) => `${unit.resource.name}@${unit.locationId ?? '-'}`).sort();

describe('units', () => {
  test('one per account for account-wide lists, one per location for the others', () => {
    expect(of('patients').map(({ unit }) => unit.locationId)).toEqual([null]);
    expect(of('appointments').map(({ unit }) => unit.locationId)).toEqual(['5', '6']);
    expect(of('form_template_groups').map(({ unit }) => unit.read.operation)).toEqual([
      'listFormTemplateGroups',
      'listFormTemplateGroups',
      'listFormTemplateGroups1',
      'listFormTemplateGroups1',
    ]);
  });

  test('an account without locations has the account-wide ones', () => {
    const plans = planUnits(RESOURCES, '1001', [], asIs);
    expect(plans.every(({ unit }) => unit.locationId === null)).toBe(true);
    expect(plans.some(({ unit }) => unit.resource.name === 'patients')).toBe(true);
  });

  test('lists of the token belong to no account', () => {
    const token = planUnits(RESOURCES, TOKEN_ACCOUNT, [], asIs);
    expect(names(token.map(({ unit }) => unit))).toEqual(
      expect.arrayContaining(['role_groups@-', 'webhook_endpoints@-', 'webhook_event_types@-']),
    );
    expect(token.every(({ unit }) => unit.read.scope === 'global')).toBe(true);
    expect(all.some(({ unit }) => unit.read.scope === 'global')).toBe(false);
  });

  test('every read of every resource is planned once per location', () => {
    const reads = RESOURCES.flatMap(({ reads: each }) => each);
    for (const read of reads) {
      const times = all.filter(({ unit }) => unit.read === read).length;
      expect(times, read.operation).toBe({ global: 0, account: 1, location: 2 }[read.scope]);
    }
  });

  test('no two have the same scope text, which identifies their streams', () => {
    const scopes = all.map(({ unit }) => `${unit.resource.name} ${unitScope(unit)}`);
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test('the form of the read is the one that is chosen', () => {
    const [plan] = planUnits([resourceNamed('forms')], '1001', ['5'], (read) => read.newer ?? read);
    expect(plan?.unit.read.operation).toBe('getFormPacketForms');
  });
});

describe('what must have ended before', () => {
  test('children come after their parents, of the same location only', () => {
    expect(of('allergies').map(({ after }) => names(after))).toEqual([['patients@-']]);
    expect(of('invoice_line_items').map(({ after }) => names(after))).toEqual([['invoices@5'], ['invoices@6']]);
    expect(of('forms').map(({ after }) => names(after))).toEqual([['form_packets@5'], ['form_packets@6']]);
  });

  test('a child of the account comes after its parents of all locations', () => {
    expect(of('self_scheduling_settings').map(({ after }) => names(after))).toEqual([
      ['remote_care_settings@5', 'remote_care_settings@6'],
    ]);
  });

  test('a second list comes after the first lists of all locations', () => {
    const second = of('form_template_groups').filter(({ unit }) => unit.read.secondary === true);
    expect(second).toHaveLength(2);
    for (const { after } of second) {
      expect(names(after)).toEqual(['form_template_groups@5', 'form_template_groups@6']);
      expect(after.every((unit) => unit.read.secondary !== true)).toBe(true);
    }
  });

  test('nothing waits for itself, directly or around a corner', () => {
    const done = new Set<Unit>();
    let left = [...all];
    while (left.length > 0) {
      const ready = left.filter(({ after }) => after.every((unit) => done.has(unit)));
      expect(ready.length, 'a ring of units').toBeGreaterThan(0);
      for (const { unit } of ready) done.add(unit);
      left = left.filter(({ unit }) => !done.has(unit));
    }
  });

  test('what is not selected is not waited for', () => {
    const plans = planUnits([resourceNamed('allergies')], '1001', ['5'], asIs);
    expect(plans.map(({ after }) => after)).toEqual([[]]);
  });
});

test('those that others wait for start first, then those that take long', () => {
  const priority = (name: string) => unitPriority((of(name)[0] as { unit: Unit }).unit, all);
  expect(priority('patients')).toBeGreaterThan(priority('allergies'));
  expect(priority('allergies')).toBeGreaterThan(priority('webhook_event_types'));
});

test('a unit is named to people by what it reads and where', () => {
  const unit = (name: string) => (of(name)[0] as { unit: Unit }).unit;
  expect(unitName(unit('patients'))).toBe('patients of account 1001');
  expect(unitName(unit('labs'))).toBe('labs of account 1001, location 5');
  expect(unitName({ ...unit('patients'), accountId: TOKEN_ACCOUNT })).toBe('patients');
});
