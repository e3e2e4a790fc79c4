import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generateOperations } from '../../../scripts/generate-operations.ts';
import type { OperationSpec } from '../../../src/api/operation.ts';
import { operations } from '../../../src/api/operations.generated.ts';
import { buildUrl, headerParams, headerValue, type Params, pathIds, pathTemplate } from '../../../src/api/request.ts';

const root = new URL('../../../', import.meta.url);
const yaml = readFileSync(new URL('contract/openapi.yaml', root), 'utf8');

interface Item {
  readonly parameters?: readonly { readonly $ref: string }[];
  readonly [method: string]: unknown;
}

const contract = parse(yaml) as { readonly paths: Record<string, Item> };
const METHODS = ['get', 'post', 'put', 'delete', 'patch'];

const declared = Object.entries(contract.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method] !== undefined).map((method) => ({
    id: (item[method] as { operationId: string }).operationId,
    method: method.toUpperCase(),
    path,
    newer: (item['x-newer-path'] ?? item['x-newer-path-assumed']) as string | undefined,
    observed: item['x-newer-path'] !== undefined,
  })),
);

const table: Readonly<Record<string, OperationSpec>> = operations;

/** Ids that no other parameter has: 1, 2, ... in the order of the path. */
const idsFor = (spec: OperationSpec): Params =>
  Object.fromEntries(spec.pathParams.map((name, index) => [name, index + 1]));

const filled = (template: string, params: Params): string =>
  template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => String(params[name]));

describe('operations.generated.ts', () => {
  it('is what the generator writes from the contract today', () => {
    const written = readFileSync(new URL('src/api/operations.generated.ts', root), 'utf8');
    expect(generateOperations(yaml) === written, 'run npm run generate').toBe(true);
  });

  it('has every operation of the contract and the forms of a packet', () => {
    expect(Object.keys(operations).toSorted()).toEqual(
      [...declared.map(({ id }) => id), 'getFormPacketForms'].toSorted(),
    );
  });

  it('knows the lists', () => {
    const lists = Object.values(table).filter((spec) => spec.listKey !== undefined);
    expect(lists.length).toBe(yaml.match(/^ {6}x-list-key: /gm)?.length);
    expect(lists.every((spec) => spec.scope !== undefined && spec.paginated !== undefined && !spec.write)).toBe(true);
    expect(table['listLabs']?.incremental).toMatchObject({ from: 'startDate', to: 'endDate', field: 'entryOn' });
    expect(table['listTestComponents']).toMatchObject({
      listKeyAliases: ['components'],
      parent: { list: 'listLabs', column: 'id', param: 'labId' },
    });
  });
});

describe('buildUrl', () => {
  it.each(declared)('$method $path ($id)', ({ id, method, path, newer, observed }) => {
    const spec = table[id]!;
    const params = idsFor(spec);
    expect(spec.method).toBe(method);
    expect(spec.write).toBe(method !== 'GET');
    expect(buildUrl('https://lobbie.test/api/', id, spec, params, [])).toBe(
      `https://lobbie.test/api${filled(path, params)}`,
    );
    const observedPath = observed && newer !== undefined ? newer : path;
    expect(buildUrl('', id, spec, params, ['observed'])).toBe(filled(observedPath, params));
    for (const choice of ['all', id])
      expect(buildUrl('', id, spec, params, [choice])).toBe(filled(newer ?? path, params));
    expect(buildUrl('', id, spec, params, ['someOther'])).toBe(filled(path, params));
    for (const name of spec.pathParams) {
      expect(() => buildUrl('', id, spec, { ...params, [name]: undefined }, [])).toThrow(TypeError);
    }
  });

  it('serves the forms of a packet from the newer path only', () => {
    expect(pathTemplate('getFormPacketForms', operations.getFormPacketForms, [])).toBe(
      '/partner/v2/account/{accountId}/location/{locationId}/form-packet/{formPacketId}/form',
    );
  });

  it('writes dates, booleans and 64-bit ids, encodes text, and leaves out what is undefined', () => {
    const params = {
      accountId: '10/01',
      locationId: 9223372036854775807n,
      patientId: undefined,
      startDate: new Date(0),
      status: 'A&B c',
      limit: 100,
    };
    expect(buildUrl('', 'listAppointments', operations.listAppointments, params, [])).toBe(
      '/partner/v2/account/10%2F01/location/9223372036854775807/appointment?status=A%26B+c&startDate=1970-01-01T00%3A00%3A00.000Z&limit=100',
    );
    expect(buildUrl('', 'listCategories', operations.listCategories, { accountId: 1, active: false }, [])).toMatch(
      /\?active=false$/,
    );
  });

  it.each([{ accountId: '..' }, { accountId: '' }, { accountId: 1, nmae: 'x' }])('refuses %o', (params) => {
    expect(() => buildUrl('', 'listPatients', operations.listPatients, params as Params, [])).toThrow(TypeError);
  });
});

describe('headers', () => {
  it('sends parameters that belong there', () => {
    const params = { accountId: 1, id: 2n, 'X-Identity-Token': 'abc' };
    expect(headerParams(operations.getPatient1, params)).toEqual({ 'x-identity-token': 'abc' });
    expect(headerParams(operations.getPatient1, { accountId: 1, id: 2 })).toEqual({});
    expect(pathIds(operations.getPatient1, params)).toEqual({ accountId: '1', id: '2' });
  });

  it('refuses a value that fetch would quote in its error, without quoting it', () => {
    expect(() => headerValue('x-api-key', 'canary\nvalue')).toThrow(/^the value for x-api-key/);
  });
});
