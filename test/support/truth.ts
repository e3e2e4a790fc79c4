import type { Simulator } from '../../simulator/index.ts';

/**
 * What the API holds, taken from the simulator without any code of the product: rows of lists from its control API, and
 * what only a single read shows over plain fetch. Which list fills which table is written down here by hand, from the
 * contract.
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
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  patient_categories: ['patient_id'],
  form_answers: ['form_id', 'form_element_id'],
  remote_care_settings: ['location_id'],
  webhook_event_types: ['event_type'],
  // The API does not promise an id here; template and name are what the contract calls its identity.
  form_template_attributes: ['form_template_id', 'name'],
};

/** The only table without an account. */
export const GLOBAL_TABLE = 'role_groups';

/** Tables whose rows come from one list of the account. */
const ACCOUNT_LISTS = [
  'locations',
  'staff',
  'appointment_types',
  'categories',
  'crm_status_groups',
  'patients',
  'webhook_endpoints',
  'webhook_event_types',
];
/** Lists below a parent of the account, and the column that keeps the parent. */
const PARENT_LISTS: Readonly<Record<string, string>> = {
  crm_statuses: 'group_id',
  patient_categories: 'patient_id',
  category_transitions: 'patient_id',
  allergies: 'patient_id',
  medications: 'patient_id',
  problems: 'patient_id',
};
/** Lists of a location. */
const LOCATION_LISTS = [
  'appointments',
  'form_packets',
  'invoices',
  'payment_requests',
  'recurring_payments',
  'labs',
  'notification_groups',
  'notifications',
  'remote_care_settings',
];
/** Rows that several locations serve alike: the place is one of those that serve it. */
const SHARED_LISTS = ['form_templates', 'form_template_groups', 'remote_care_services'];
/** Children of shared rows. */
const SHARED_CHILDREN = ['form_template_elements', 'form_template_attributes'];

/** Every table of the warehouse. */
export const TABLES: readonly string[] = [
  ...ACCOUNT_LISTS,
  ...Object.keys(PARENT_LISTS),
  ...LOCATION_LISTS,
  ...SHARED_LISTS,
  ...SHARED_CHILDREN,
  GLOBAL_TABLE,
  'forms',
  'form_answers',
  'invoice_line_items',
  'lab_test_panels',
  'lab_test_components',
  'self_scheduling_settings',
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
  for (const table of [GLOBAL_TABLE, 'webhook_endpoints', 'webhook_event_types']) {
    for (const { row } of await lines(simulator, table)) add(table, '0', row);
  }
  for (const account of [...simulator.world.accounts.keys()].map(String)) {
    for (const table of ACCOUNT_LISTS) {
      for (const { row } of await lines(simulator, table, account)) add(table, account, row);
    }
    for (const [table, column] of Object.entries(PARENT_LISTS)) {
      for (const { row, parentId } of await lines(simulator, table, account)) {
        add(table, account, row, { [column]: text(parentId) });
      }
    }
    for (const table of LOCATION_LISTS) {
      for (const { row, locationId } of await lines(simulator, table, account)) {
        add(table, account, row, { location_id: text(locationId) });
      }
    }
    for (const line of await lines(simulator, 'invoice_line_items', account)) {
      add('invoice_line_items', account, line.row, {
        location_id: text(line.locationId),
        invoice_id: text(line.parentId),
      });
    }
    for (const table of SHARED_LISTS) {
      const places = new Map<string, { row: Rec; at: string[] }>();
      for (const { row, locationId } of await lines(simulator, table, account)) {
        const known = places.get(text(row['id'])) ?? { row, at: [] };
        known.at.push(text(locationId));
        places.set(text(row['id']), known);
      }
      for (const { row, at } of places.values()) add(table, account, row, { location_id: at });
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
