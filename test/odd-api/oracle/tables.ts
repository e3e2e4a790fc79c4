import type { Entry, Row } from '../world/collection.ts';
import type { Kind, World } from '../world/world.ts';

/** Stands for an id that the mirror makes up because the API sends none: any negative number. */
export const MADE_UP = Symbol('made up');

/** What the warehouse must hold of one record. */
export interface Expected {
  /** Column → value as the world has it; a column that is not named is null. */
  readonly columns: Row;
  /** The record as lists show it; null where it stands in the `raw` of another one. */
  readonly raw: Row | null;
}

export interface TableTruth {
  /** Columns that tell its rows apart; not always the primary key, which may be made up. */
  readonly key: readonly string[];
  readonly rows: readonly Expected[];
}

/** The account of what belongs to the token alone. */
const TOKEN = 0;

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const asColumns = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [snake(name), value]));

const ID = ['account_id', 'id'] as const;

/** A record as a row: its fields, and what the path of its list says where the record says nothing. */
function expected(row: Row, path: Row, raw: Row | null = row): Expected {
  const own = asColumns(row);
  const filled = Object.entries(path).filter(([name, value]) => value !== undefined && (own[name] ?? null) === null);
  return { columns: { ...own, ...Object.fromEntries(filled) }, raw };
}

const account = ({ home }: Entry): Row => ({ account_id: home.accountId });
const place = ({ home }: Entry): Row => ({ account_id: home.accountId, location_id: home.locationId });

/** A kind whose records are rows as they are. */
function plain(world: World, kind: Kind, path: (entry: Entry) => Row, key: readonly string[] = ID): TableTruth {
  return { key, rows: world[kind].entries().map((entry) => expected(entry.row, path(entry))) };
}

const rowsIn = (value: unknown): readonly Row[] => (Array.isArray(value) ? (value as Row[]) : []);

/** Lists of packets show their forms without answers. */
function packets(world: World): TableTruth {
  const rows = world.formPackets.entries().map((entry) => {
    const forms = rowsIn(entry.row['forms']).map(({ answers: _answers, mappedAnswers: _mapped, ...form }) => form);
    return expected({ ...entry.row, forms }, place(entry));
  });
  return { key: ID, rows };
}

const inPackets = (entry: Entry): Row => ({ ...place(entry), form_packet_id: entry.key });

function forms(world: World): TableTruth {
  const rows = world.formPackets
    .entries()
    .flatMap((entry) => rowsIn(entry.row['forms']).map((form) => expected(form, inPackets(entry))));
  return { key: ID, rows };
}

function answers(world: World): TableTruth {
  const rows = world.formPackets
    .entries()
    .flatMap((entry) =>
      rowsIn(entry.row['forms']).flatMap((form) =>
        rowsIn(form['answers']).map((given) => expected(given, { ...inPackets(entry), form_id: form['id'] }, null)),
      ),
    );
  return { key: ['account_id', 'form_id', 'form_element_id'], rows };
}

function panels(world: World): TableTruth {
  const rows = world.labs
    .entries()
    .flatMap((entry) =>
      rowsIn(entry.row['testPanels']).map((panel) =>
        expected(panel, { ...place(entry), lab_id: entry.key, id: MADE_UP }, null),
      ),
    );
  // Their components have ids, and no two panels share one.
  return { key: ['account_id', 'lab_id', 'components'], rows };
}

function components(world: World): TableTruth {
  const rows = world.labs
    .entries()
    .flatMap((entry) =>
      rowsIn(entry.row['testPanels']).flatMap((panel) =>
        rowsIn(panel['components']).map((component) =>
          expected(component, { ...place(entry), lab_id: entry.key, panel_id: panel['id'] ?? MADE_UP }),
        ),
      ),
    );
  return { key: ID, rows };
}

/** Reachable only where the remote care setting of a location names them. */
function schedulingSettings(world: World): TableTruth {
  const named = world.remoteCareSettings
    .entries()
    .flatMap(({ home, row }) =>
      (row['selfSchedulingSettingIds'] as readonly number[]).map((id) => `${home.accountId}/${id}`),
    );
  const rows = world.selfSchedulingSettings
    .entries()
    .filter(({ home, key }) => named.includes(`${home.accountId}/${key}`))
    .map((entry) => expected(entry.row, account(entry)));
  return { key: ID, rows };
}

/** The same in every account, and once more for the token. */
function eventTypes(world: World): TableTruth {
  const rows = [TOKEN, ...world.accountIds].flatMap((id) =>
    world.eventTypes.entries().map(({ row }) => expected(row, { account_id: id })),
  );
  return { key: ['account_id', 'event_type'], rows };
}

/** What every table of the schema `lobbie` must hold for a world, without a look at the product. */
export function truthOf(world: World): ReadonlyMap<string, TableTruth> {
  const below =
    (column: string) =>
    (entry: Entry): Row => ({ ...account(entry), [column]: entry.home.parentId });
  const belowPlace =
    (column: string) =>
    (entry: Entry): Row => ({ ...place(entry), [column]: entry.home.parentId });
  return new Map<string, TableTruth>([
    ['allergies', plain(world, 'allergies', below('patient_id'))],
    ['appointment_types', plain(world, 'appointmentTypes', account)],
    ['appointments', plain(world, 'appointments', place)],
    ['categories', plain(world, 'categories', account)],
    ['category_transitions', plain(world, 'transitions', below('patient_id'))],
    ['crm_status_groups', plain(world, 'crmStatusGroups', account)],
    ['crm_statuses', plain(world, 'crmStatuses', below('group_id'))],
    ['form_answers', answers(world)],
    ['form_packets', packets(world)],
    [
      'form_template_attributes',
      plain(world, 'formAttributes', (entry) => ({ ...belowPlace('form_template_id')(entry), id: MADE_UP }), [
        'account_id',
        'form_template_id',
        'name',
      ]),
    ],
    ['form_template_elements', plain(world, 'formElements', belowPlace('form_template_id'))],
    ['form_template_groups', plain(world, 'formTemplateGroups', place)],
    ['form_templates', plain(world, 'formTemplates', place)],
    ['forms', forms(world)],
    ['invoice_line_items', plain(world, 'lineItems', belowPlace('invoice_id'))],
    ['invoices', plain(world, 'invoices', place)],
    ['lab_test_components', components(world)],
    ['lab_test_panels', panels(world)],
    ['labs', plain(world, 'labs', place)],
    ['locations', plain(world, 'locations', account)],
    ['medications', plain(world, 'medications', below('patient_id'))],
    ['notification_groups', plain(world, 'notificationGroups', place)],
    ['notifications', plain(world, 'notifications', place)],
    ['patient_categories', plain(world, 'patientCategories', below('patient_id'), ['account_id', 'patient_id'])],
    ['patients', plain(world, 'patients', account)],
    ['payment_requests', plain(world, 'paymentRequests', place)],
    ['problems', plain(world, 'problems', below('patient_id'))],
    ['recurring_payments', plain(world, 'recurringPayments', place)],
    ['remote_care_services', plain(world, 'services', place)],
    ['remote_care_settings', plain(world, 'remoteCareSettings', place, ['account_id', 'location_id'])],
    ['role_groups', plain(world, 'roleGroups', () => ({}), ['id'])],
    ['self_scheduling_settings', schedulingSettings(world)],
    ['staff', plain(world, 'staff', account)],
    ['webhook_endpoints', plain(world, 'webhooks', ({ home }) => ({ account_id: home.accountId ?? TOKEN }))],
    ['webhook_event_types', eventTypes(world)],
  ]);
}
