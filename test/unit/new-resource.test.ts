import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ListPlan, planList, Refusal } from '../../scripts/new-resource-contract.ts';
import { migrationText, registryText, resourceText, rowsText } from '../../scripts/new-resource-text.ts';
import { RESOURCES } from '../../src/extractors/registry.ts';

const root = new URL('../../', import.meta.url);
const contract = readFileSync(new URL('contract/openapi.yaml', root), 'utf8');
const known = new Map<string, ListPlan>();
/** What the script reads of a list; each once, since parsing the contract takes its time. */
function plan(name: string, operation?: string): ListPlan {
  const found = known.get(name) ?? planList(contract, name, operation, RESOURCES);
  known.set(name, found);
  return found;
}
/** The `name type` of each column of a migration. */
const columnsOf = (text: string): string[] =>
  [
    ...text.matchAll(
      /^ {4}("?[a-z_]\w*"?) (bigint|integer|text|boolean|timestamptz|date|numeric|jsonb|bytea|smallint)/gm,
    ),
  ].map(([, name, type]) => `${name?.replaceAll('"', '')} ${type}`);

describe('what is read from the contract', () => {
  // Lists that people once wrote by hand: what the script reads of them has to be what they wrote.
  const lists = RESOURCES.flatMap((resource) => {
    const [read] = resource.reads;
    return read?.listKey === undefined || read.carrier !== undefined ? [] : [[resource.name, resource, read] as const];
  });

  it.each(lists)('is what the resource %s says', (name, resource, read) => {
    const found = plan(name, read.operation);
    const fields = Object.entries(resource.fields).map(([field, { sql, aliases }]) => [field, sql, aliases]);
    expect(found.fields.map(({ name: field, sql, aliases }) => [field, sql, aliases]).sort()).toEqual(fields.sort());
    expect(found).toMatchObject({
      listKey: read.listKey,
      listKeyAliases: read.listKeyAliases ?? [],
      scope: read.scope,
      paginated: read.paginated ?? false,
    });
    expect(found.parent?.param).toBe(read.parent?.param);
    expect(found.parent?.column).toBe(read.parent?.column);
    expect(found.window === undefined).toBe(read.window === undefined);
    if (resource.get !== undefined && found.get !== undefined) expect(found.get).toMatchObject(resource.get);
  });

  it.each(lists)('gives %s the columns of its resource, and its key', (name, resource, read) => {
    if (resource.surrogateId !== undefined) return;
    const text = migrationText(plan(name, read.operation));
    // The panel of a component comes with its lab: no path and no field has it.
    const wanted = resource.columns
      .filter((column) => column.name !== 'panel_id')
      .map((column) => `${column.name} ${column.sql}`);
    expect(columnsOf(text)).toEqual(expect.arrayContaining(wanted));
    expect(text).toContain(`PRIMARY KEY (${resource.primaryKey.join(', ')})`);
    expect(text).toContain(`track_history('${name}')`);
    expect(/CREATE INDEX/.test(text)).toBe(read.parent !== undefined);
  });

  it.each([
    ['nothing_there', undefined, /no operation listNothingThere.*name it: npm run new-resource/],
    ['Patients', undefined, /no table name/],
    ['patient_category', 'getPatientCategory', /x-list-key and x-scope/],
  ])('is refused for %s', (name, operation, message) => {
    expect(() => plan(name, operation)).toThrow(message);
    expect(() => plan(name, operation)).toThrow(Refusal);
  });

  it('names query parameters that are no field', () => {
    expect(plan('staff').unexplained).toEqual(['locationId', 'roleGroupId']);
  });
});

describe('what is written', () => {
  it('asks the class of every field that may speak of a person, and has the strictest until then', () => {
    const text = resourceText(plan('payment_requests'));
    const asked = [...text.matchAll(/QUESTION: which class has (\w+)/g)].map(([, name]) => name);
    expect(asked).toContain('patientName');
    expect(asked).not.toContain('id');
    for (const name of asked) expect(text).toMatch(new RegExp(` ${name}: \\w+\\('direct'`));
  });

  it('adds one import and one entry to the registry, in order', () => {
    const before = readFileSync(new URL('src/extractors/registry.ts', root), 'utf8');
    for (const name of ['aaa', 'mmm', 'zzz']) {
      const after = registryText(before, { ...plan('staff'), name, code: name });
      const lines = after.split('\n').filter((line) => !before.split('\n').includes(line));
      expect(lines).toEqual([`import { ${name} } from './resources/${name}.ts';`, `  ${name},`]);
      const imports = [...after.matchAll(/resources\/(\w+)\.ts/g)].map(([, file]) => file);
      expect(imports).toEqual(imports.toSorted());
    }
  });

  it('takes patient, location and parent from where the row stands', () => {
    expect(rowsText(plan('appointments'), 1)).toContain('patientId: patient().id');
    expect(rowsText(plan('appointments'), 1)).toContain('locationId: location?.id');
    expect(rowsText(plan('crm_statuses'), 1)).toContain("groupId: parent?.['id']");
    expect(rowsText(plan('role_groups'), 1)).not.toContain('evolve');
  });
});
