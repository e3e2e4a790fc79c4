import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Simulator } from '../../simulator/index.ts';

/**
 * What the API holds, taken from the simulator without any code of the product: rows of lists from its control API, and
 * what only a single read shows over plain fetch. Which list fills which table follows from contract/openapi.yaml; what the
 * contract can't say is written down here by hand.
 */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Rec = { [name: string]: Json };

/** One record that a table must hold. */
export interface TrueRow {
  /** `0` for what belongs to the token. */
  readonly account: string;
  readonly record: Rec;
  /** Columns that the path decides. Several values mean that any of them is right. */
  readonly path: Readonly<Record<string, string | readonly string[] | null>>;
}

export type Truth = ReadonlyMap<string, readonly TrueRow[]>;

/** Key columns beside `account_id`; `id` for all others. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  patient_categories: ['patient_id'],
  form_answers: ['form_id', 'form_element_id'],
  remote_care_settings: ['location_id'],
  webhook_event_types: ['event_type'],
  // The API does not promise an id here; template and name are what the contract calls its identity.
  form_template_attributes: ['form_template_id', 'name'],
};

/** Tables whose name is not that of their list operation. */
const NAMES: Readonly<Record<string, string>> = {
  listLineItems: 'invoice_line_items',
  listTestComponents: 'lab_test_components',
  listServices: 'remote_care_services',
  listEventTypes: 'webhook_event_types',
  getFormTemplateElements: 'form_template_elements',
  getFormTemplateAttributes: 'form_template_attributes',
};

interface ListOperation {
  readonly operationId: string;
  readonly 'x-list-key'?: string;
  readonly 'x-scope'?: 'global' | 'account' | 'location';
  readonly 'x-parent'?: { readonly param: string };
}

/** `listCrmStatuses` and its twin `listCrmStatuses1` → `crm_statuses`. */
function tableOf(operationId: string): string {
  const plain = operationId.replace(/\d$/, '');
  const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return NAMES[plain] ?? snake(plain.replace(/^list/, '')).replace(/^_/, '');
}

const file = readFileSync(new URL('../../contract/openapi.yaml', import.meta.url), 'utf8');
const { paths } = parse(file) as { paths: Readonly<Record<string, { readonly get?: ListOperation }>> };
/** The lists of the contract with their tables. Some tables have two. */
const everyList = Object.values(paths).flatMap(({ get }): [string, ListOperation][] =>
  get?.['x-list-key'] === undefined ? [] : [[tableOf(get.operationId), get]],
);

/** Lists whose rows need more than their scope: labs come with panels, templates are shared. */
const BY_HAND = ['form_template_elements', 'form_template_attributes', 'lab_test_components'];
const lists = everyList.filter(([table]) => !BY_HAND.includes(table));
const atScope = (scope: string): string[] => {
  const found = lists.filter(([, list]) => list['x-scope'] === scope && list['x-parent'] === undefined);
  return [...new Set(found.map(([table]) => table))];
};

/** Tables whose rows come from one list of the token; those of the webhooks are served for an account as well. */
const GLOBAL_LISTS = atScope('global');
/** Tables whose rows come from one list of the account. */
const ACCOUNT_LISTS = atScope('account');
/** Lists below a parent, and the column that keeps the parent. */
const PARENT_LISTS = new Map([
  ...lists.flatMap(([table, list]): [string, string][] => {
    const param = list['x-parent']?.param;
    return param === undefined ? [] : [[table, param.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]];
  }),
  // Read one by one below the patients.
  ['patient_categories', 'patient_id'],
]);
/** Lists of a location. A row may stand in those of several: its location is then any of them. */
const LOCATION_LISTS = [...atScope('location'), 'remote_care_settings'];
/** Children of shared rows. */
const SHARED_CHILDREN = ['form_template_elements', 'form_template_attributes'];

/** Whether a table has no account: no list of an account fills it. */
export const isGlobal = (table: string): boolean => GLOBAL_LISTS.includes(table) && !ACCOUNT_LISTS.includes(table);

/** The whole key of a table. */
export const keyOf = (table: string): string[] => [
  ...(isGlobal(table) ? [] : ['account_id']),
  ...(KEYS[table] ?? ['id']),
];

/** Every table of the warehouse: the lists of the contract, and what is found inside other records or read one by one. */
export const TABLES: readonly string[] = [
  ...new Set([
    ...GLOBAL_LISTS,
    ...ACCOUNT_LISTS,
    ...PARENT_LISTS.keys(),
    ...LOCATION_LISTS,
    ...SHARED_CHILDREN,
    'forms',
    'form_answers',
    'lab_test_panels',
    'lab_test_components',
    'self_scheduling_settings',
  ]),
].sort();

interface Line {
  readonly accountId?: number;
  readonly locationId?: number;
  readonly parentId?: number;
  readonly row: Rec;
}

async function lines(simulator: Simulator, resource: string, account?: string): Promise<Line[]> {
  const of = account === undefined ? '' : `&account=${account}`;
  const response = await fetch(`${simulator.adminUrl}/rows?resource=${resource}${of}`);
  if (response.status !== 200) throw new Error(`truth of ${resource}: ${response.status}`);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

async function getter(simulator: Simulator): Promise<(path: string) => Promise<Rec>> {
  const { clientId, clientSecret } = simulator.world.settings;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const signIn = await fetch(simulator.tokenUrl, { method: 'POST', body: form });
  const { access_token: token } = (await signIn.json()) as { access_token: string };
  return async (path) => {
    const response = await fetch(`${simulator.url}/partner/v2${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status !== 200) throw new Error(`truth of ${path}: ${response.status}`);
    return (await response.json()) as Rec;
  };
}

const text = (value: unknown): string => String(value);
const array = (value: Json | undefined): Rec[] => (Array.isArray(value) ? (value as Rec[]) : []);

/** Reads the whole truth. Sends requests to the API for the forms: reset the simulator's counts afterwards. */
export async function readTruth(simulator: Simulator): Promise<Truth> {
  const truth = new Map<string, TrueRow[]>(TABLES.map((table) => [table, []]));
  const add = (table: string, account: string, record: Rec, path: TrueRow['path'] = {}): void => {
    truth.get(table)?.push({ account, record, path });
  };
  const get = await getter(simulator);
  for (const table of GLOBAL_LISTS) {
    for (const { row } of await lines(simulator, table)) add(table, '0', row);
  }
  for (const account of [...simulator.world.accounts.keys()].map(String)) {
    for (const table of ACCOUNT_LISTS) {
      for (const { row } of await lines(simulator, table, account)) add(table, account, row);
    }
    for (const [table, column] of PARENT_LISTS) {
      for (const { row, parentId, locationId } of await lines(simulator, table, account)) {
        const at = locationId === undefined ? {} : { location_id: text(locationId) };
        add(table, account, row, { ...at, [column]: text(parentId) });
      }
    }
    for (const table of LOCATION_LISTS) {
      const places = new Map<string, { row: Rec; at: string[] }>();
      for (const { row, locationId } of await lines(simulator, table, account)) {
        // Without an id the location itself is the key.
        const id = text(row['id'] ?? locationId);
        const known = places.get(id) ?? { row, at: [] };
        known.at.push(text(locationId));
        places.set(id, known);
      }
      for (const { row, at } of places.values())
        add(table, account, row, { location_id: at.length === 1 ? text(at[0]) : at });
    }
    const templatesAt = new Map(
      truth.get('form_templates')?.map(({ record, path }) => [text(record['id']), path['location_id']]),
    );
    for (const table of SHARED_CHILDREN) {
      for (const { row, parentId } of await lines(simulator, table, account)) {
        add(table, account, row, {
          form_template_id: text(parentId),
          location_id: templatesAt.get(text(parentId)) ?? [],
        });
      }
    }
    await addLabs(simulator, truth, account, add);
    const referred = new Set(
      truth
        .get('remote_care_settings')
        ?.filter((row) => row.account === account)
        .flatMap(({ record }) => record['selfSchedulingSettingIds'] as Json[])
        .map(text),
    );
    for (const { row } of await lines(simulator, 'self_scheduling_settings', account)) {
      if (referred.has(text(row['id']))) add('self_scheduling_settings', account, row);
    }
    for (const packet of truth.get('form_packets')?.filter((row) => row.account === account) ?? []) {
      const location = text(packet.path['location_id']);
      const id = text(packet.record['id']);
      const whole = await get(`/account/${account}/location/${location}/form/${id}?includeAnswers=true`);
      const place = { location_id: location, form_packet_id: id };
      for (const form of array(whole['forms'])) {
        add('forms', account, form, place);
        for (const answer of array(form['answers'])) {
          add('form_answers', account, answer, { ...place, form_id: text(form['id']) });
        }
      }
    }
  }
  return truth;
}

async function addLabs(
  simulator: Simulator,
  truth: Truth,
  account: string,
  add: (table: string, account: string, record: Rec, path: TrueRow['path']) => void,
): Promise<void> {
  if (!simulator.world.settings.labsEmbedPanels) {
    for (const line of await lines(simulator, 'lab_test_components', account)) {
      const place = { location_id: text(line.locationId), lab_id: text(line.parentId), panel_id: null };
      add('lab_test_components', account, line.row, place);
    }
    return;
  }
  for (const lab of truth.get('labs')?.filter((row) => row.account === account) ?? []) {
    const place = { location_id: text(lab.path['location_id']), lab_id: text(lab.record['id']) };
    for (const panel of array(lab.record['testPanels'])) {
      add('lab_test_panels', account, panel, place);
      for (const component of array(panel['components'])) {
        add('lab_test_components', account, component, { ...place, panel_id: text(panel['id']) });
      }
    }
  }
}
