import Ajv2020Module from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContract } from '../../simulator/contract.ts';
import type { Row } from '../../simulator/data/types.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { VERIFICATION_CODE } from '../../simulator/operations/identity.ts';
import { type Reply, type TestClient, testClient } from '../../simulator/testing.ts';

const document = readContract() as unknown as {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Row> };
};
type RawOperation = { operationId?: string; responses: Record<string, RawResponse> };
type RawResponse = { $ref?: string; content?: { 'application/json': { schema: { $ref: string } } } };

/** Fields of a schema, those of its parts included, so that an answer with another field is found. */
function closed(name: string): Row {
  const schema = document.components.schemas[name] as Row;
  const open = schema['additionalProperties'] !== undefined || schema['properties'] === undefined;
  const properties = (schema['properties'] ?? {}) as Row;
  const isObject = [schema['type']].flat().includes('object');
  const parts = (schema['allOf'] as Row[] | undefined)?.map((part) => ('$ref' in part ? { ...part } : part));
  if (parts !== undefined) return { ...schema, allOf: parts, unevaluatedProperties: false };
  return isObject && !open && Object.keys(properties).length > 0 ? { ...schema, unevaluatedProperties: false } : schema;
}

const Ajv2020 = Ajv2020Module.default ?? Ajv2020Module;
const addFormats = addFormatsModule.default ?? addFormatsModule;

function makeAjv() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  // A schema that others extend by allOf must stay open in itself: the extension closes the whole.
  const extended = new Set(
    Object.values(document.components.schemas).flatMap((schema) =>
      ((schema['allOf'] ?? []) as Row[]).map((part) =>
        String(part['$ref'] ?? '')
          .split('/')
          .at(-1),
      ),
    ),
  );
  const schemas: Row = {};
  for (const name of Object.keys(document.components.schemas)) {
    schemas[name] = extended.has(name) ? document.components.schemas[name] : closed(name);
    const inLists = JSON.stringify(closed(name)).replaceAll(/(#\/components\/schemas\/\w+)"/g, '$1Closed"');
    schemas[`${name}Closed`] = name.endsWith('List') ? (JSON.parse(inLists) as Row) : closed(name);
  }
  ajv.addSchema({ $id: 'contract', components: { schemas } });
  return ajv;
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  (['get', 'post', 'put', 'delete'] as const)
    .filter((method) => item[method] !== undefined)
    .map((method) => ({ path, method, operation: item[method] as RawOperation })),
);

interface Ids {
  [name: string]: number;
}

let simulator: Simulator;
let client: TestClient;
let ids: Ids;
let account: string;
let place: string;
let patientFields: Row;

/** The first row of a list. */
async function first(path: string, key: string): Promise<Row> {
  const { body } = await client.get(path);
  const rows = body?.[key] as Row[] | undefined;
  if (rows?.[0] === undefined) throw new Error(`${path} has no rows`);
  return rows[0];
}

const idOf = async (path: string, key: string): Promise<number> => (await first(path, key))['id'] as number;

async function verified(patient: Row): Promise<Row> {
  const made = (await client.call('POST', `${account}/identity-proof`, { verificationMethod: 'EMAIL' })).body as Row;
  const path = `${account}/identity-proof/${String(made['id'])}`;
  await client.call('POST', `${path}/send`, { email: patient['email'] });
  await client.call('POST', `${path}/verify`, { email: patient['email'], code: VERIFICATION_CODE });
  return made;
}

async function newPatient(): Promise<Row> {
  ids['made'] = (ids['made'] ?? 0) + 1;
  const email = `made${String(ids['made'])}@example.net`;
  const { body } = await client.call('POST', `${account}/patients`, { ...patientFields, email });
  return body as Row;
}

async function newAttempt(): Promise<number> {
  const { body } = await client.call('POST', `${account}/self-scheduling/attempt`, {
    selfSchedulingSettingId: ids['setting'],
  });
  return body?.['id'] as number;
}

async function setting(): Promise<Row> {
  return (await client.get(`${account}/self-scheduling/setting/${String(ids['setting'])}`)).body as Row;
}

const at = (hour: number): string => `2026-02-03T${String(hour).padStart(2, '0')}:00:00-05:00`;
const wish = (hour: number): Row => ({
  patientId: ids['patient'],
  practitionerId: ids['practitioner'],
  appointmentTypeId: ids['type'],
  startTime: at(hour),
});
const hook = { url: 'https://sync.example.com/hook', eventTypes: ['form-packet.created'] };
const demographics = {
  firstName: 'Ada',
  lastName: 'Löwe',
  dateOfBirth: '1980-02-29',
  email: 'ada@example.net',
  phone: '4155550100',
};

beforeAll(async () => {
  simulator = await startSimulator({ patients: 60 });
  client = await testClient(simulator);
  account = '/account/1001';
  patientFields = {
    firstName: 'Grace',
    lastName: "O'Hopper",
    dateOfBirth: '1986-12-09',
    mobilePhone: '+1 (415) 555-0199',
  };
  ids = {};
  const location = await idOf(`${account}/location`, 'locations');
  place = `${account}/location/${String(location)}`;
  const withRows = async (resource: string): Promise<number> =>
    (await client.truth(1001, resource)).find((found) => found.parentId !== undefined)?.parentId as number;
  const transition = (await client.truth(1001, 'category_transitions'))[0] as { parentId: number; row: Row };
  const practitioner = (await client.rows(`${account}/staff`, 'staff')).find((row) => row['isPractitioner']) as Row;
  const careSetting = (await client.get(`${place}/remote-care/setting`)).body as Row;
  ids = {
    location,
    practitioner: practitioner['id'] as number,
    staff: practitioner['id'] as number,
    type: await idOf(`${account}/appointment/type`, 'appointmentTypes'),
    patient: await idOf(`${account}/patients`, 'patients'),
    appointment: await idOf(`${place}/appointment`, 'appointments'),
    crmGroup: await idOf(`${account}/crm-status-group`, 'crmStatusGroups'),
    category: await idOf(`${account}/category`, 'categories'),
    templateGroup: await idOf(`${place}/form/group`, 'formTemplateGroups'),
    template: await idOf(`${place}/form/template`, 'formTemplates'),
    packet: await idOf(`${place}/form?status=COMPLETED`, 'formPackets'),
    openPacket: await idOf(`${place}/form?status=PENDING`, 'formPackets'),
    invoice: await idOf(`${place}/invoice`, 'invoices'),
    lab: await idOf(`${place}/lab?status=COMPLETE`, 'labs'),
    notification: await idOf(`${place}/notification`, 'notifications'),
    notificationGroup: await idOf(`${place}/notification-group`, 'notificationGroups'),
    allergic: await withRows('allergies'),
    medicated: await withRows('medications'),
    ill: await withRows('problems'),
    moved: transition.parentId,
    transition: transition.row['id'] as number,
    paymentRequest: await idOf(`${place}/payment-request`, 'paymentRequests'),
    recurringPayment: await idOf(`${place}/recurring-payment`, 'recurringPayments'),
    service: await idOf(`${place}/remote-care/service`, 'services'),
    setting: (careSetting['selfSchedulingSettingIds'] as number[])[0] as number,
    webhook: await idOf(`${account}/webhook`, 'items'),
    globalWebhook: await idOf('/webhook', 'items'),
  };
  ids['crmStatus'] = await idOf(`${account}/crm-status-group/${String(ids['crmGroup'])}/status`, 'crmStatuses');
  ids['line'] = await idOf(`${place}/invoice/${String(ids['invoice'])}/line-item`, 'lineItems');
  ids['component'] = await idOf(`${place}/lab/${String(ids['lab'])}/test-component`, 'testComponents');
  ids['allergy'] = await idOf(`${account}/patients/${String(ids['allergic'])}/health-profile/allergies`, 'allergies');
  ids['medication'] = await idOf(
    `${account}/patients/${String(ids['medicated'])}/health-profile/medications`,
    'medications',
  );
  ids['problem'] = await idOf(`${account}/patients/${String(ids['ill'])}/health-profile/problems`, 'problems');
});

afterAll(() => simulator.stop());

const n = (name: string): string => String(ids[name]);
const get = (path: () => string) => () => client.get(path());
const call = (method: string, path: () => string, body?: () => unknown) => () => client.call(method, path(), body?.());

/** How every operation of the contract is called so that it succeeds. */
const CALLS: Record<string, () => Promise<Reply>> = {
  listAppointmentTypes: get(() => `${account}/appointment/type`),
  getAppointmentType: get(() => `${account}/appointment/type/${n('type')}`),
  listAppointments: get(() => `${place}/appointment?limit=100`),
  createAppointment: call(
    'POST',
    () => `${place}/appointment`,
    () => wish(9),
  ),
  getAppointment: get(() => `${place}/appointment/${n('appointment')}`),
  updateAppointment: call(
    'PUT',
    () => `${place}/appointment/${n('appointment')}`,
    () => ({ status: 'CONFIRMED', note: 'moved' }),
  ),
  listCrmStatusGroups: get(() => `${account}/crm-status-group`),
  getCrmStatusGroup: get(() => `${account}/crm-status-group/${n('crmGroup')}`),
  listCrmStatuses: get(() => `${account}/crm-status-group/${n('crmGroup')}/status`),
  getCrmStatus: get(() => `${account}/crm-status-group/${n('crmGroup')}/status/${n('crmStatus')}`),
  listCategories: get(() => `${account}/category`),
  getCategory: get(() => `${account}/category/${n('category')}`),
  listFormTemplateGroups: get(() => `${place}/form/group`),
  getFormTemplateGroup: get(() => `${place}/form/group/${n('templateGroup')}`),
  listFormTemplates: get(() => `${place}/form/template?limit=100`),
  listFormTemplateGroups1: get(() => `${place}/form/template/groups`),
  getFormTemplateGroup1: get(() => `${place}/form/template/groups/${n('templateGroup')}`),
  getFormTemplate: get(() => `${place}/form/template/${n('template')}`),
  getFormTemplateAttributes: get(() => `${place}/form/template/${n('template')}/attributes`),
  getFormTemplateElements: get(() => `${place}/form/template/${n('template')}/elements`),
  listFormPackets: get(() => `${place}/form?limit=100`),
  createFormPacket: call(
    'POST',
    () => `${place}/form`,
    () => ({ patientId: ids['patient'], formTemplateIds: [ids['template']] }),
  ),
  getFormPacket: get(() => `${place}/form/${n('packet')}?includeAnswers=true`),
  updateFormPacket: call(
    'PUT',
    () => `${place}/form/${n('openPacket')}`,
    () => ({ dueDate: at(17) }),
  ),
  archiveFormPacket: call('PUT', () => `${place}/form/${n('packet')}/archive`),
  getFormPacketPdf: get(() => `${place}/form/${n('packet')}/pdf`),
  prefillFormFields: call(
    'POST',
    () => `${place}/form/${n('openPacket')}/prefill`,
    () => ({ prefill: { nothing: 'x' } }),
  ),
  getFormPacketUrl: get(() => `${place}/form/${n('packet')}/url`),
  createIdentityProof: call(
    'POST',
    () => `${account}/identity-proof`,
    () => ({ verificationMethod: 'email' }),
  ),
  getIdentityProofStatus: async () =>
    client.get(`${account}/identity-proof/${String((await verified(await newPatient()))['id'])}`),
  getPatient1: async () =>
    client.get(`${account}/identity-proof/${String((await verified(await newPatient()))['id'])}/patient`),
  sendVerification: async () => {
    const { id } = await verified(await newPatient());
    return client.call('POST', `${account}/identity-proof/${String(id)}/send`, { phone: '4155550100' });
  },
  verifyCode: async () => {
    const { id } = await verified({ email: 'someone@example.net' });
    const body = { code: '000000', email: 'someone@example.net' };
    return client.call('POST', `${account}/identity-proof/${String(id)}/verify`, body);
  },
  listInvoices: get(() => `${place}/invoice?limit=100`),
  getInvoice: get(() => `${place}/invoice/${n('invoice')}`),
  listLineItems: get(() => `${place}/invoice/${n('invoice')}/line-item`),
  getLineItem: get(() => `${place}/invoice/${n('invoice')}/line-item/${n('line')}`),
  getInvoicePdf: get(() => `${place}/invoice/${n('invoice')}/pdf`),
  listLabs: get(() => `${place}/lab?limit=100`),
  getLab: get(() => `${place}/lab/${n('lab')}`),
  listTestComponents: get(() => `${place}/lab/${n('lab')}/test-component`),
  getTestComponent: get(() => `${place}/lab/${n('lab')}/test-component/${n('component')}`),
  listLocations: get(() => `${account}/location`),
  getLocation: get(() => place),
  listNotificationGroups: get(() => `${place}/notification-group?limit=100`),
  getNotificationGroup: get(() => `${place}/notification-group/${n('notificationGroup')}`),
  listNotifications: get(() => `${place}/notification?limit=100`),
  getNotification: get(() => `${place}/notification/${n('notification')}`),
  getAllergy: get(() => `${account}/health-profile/allergies/${n('allergy')}`),
  getMedication: get(() => `${account}/health-profile/medications/${n('medication')}`),
  getProblem: get(() => `${account}/health-profile/problems/${n('problem')}`),
  listAllergies: get(() => `${account}/patients/${n('allergic')}/health-profile/allergies`),
  listMedications: get(() => `${account}/patients/${n('medicated')}/health-profile/medications`),
  listProblems: get(() => `${account}/patients/${n('ill')}/health-profile/problems`),
  listPatients: get(() => `${account}/patients?limit=100`),
  createPatient: call(
    'POST',
    () => `${account}/patients`,
    () => ({ ...patientFields, email: 'created@example.net' }),
  ),
  getPatient: get(() => `${account}/patients/${n('patient')}`),
  updatePatient: call(
    'PUT',
    () => `${account}/patients/${n('patient')}`,
    () => ({ email: 'changed@example.net' }),
  ),
  deletePatient: async () => client.call('DELETE', `${account}/patients/${String((await newPatient())['id'])}`),
  getPatientCategory: get(() => `${account}/patients/${n('moved')}/category`),
  listCategoryTransitions: get(() => `${account}/patients/${n('moved')}/category/transition`),
  getCategoryTransition: get(() => `${account}/patients/${n('moved')}/category/transition/${n('transition')}`),
  listPaymentRequests: get(() => `${place}/payment-request?limit=100`),
  getPaymentRequest: get(() => `${place}/payment-request/${n('paymentRequest')}`),
  listRecurringPayments: get(() => `${place}/recurring-payment?limit=100`),
  getRecurringPayment: get(() => `${place}/recurring-payment/${n('recurringPayment')}`),
  createConversion: call(
    'POST',
    () => `${place}/remote-care/conversion`,
    () => ({ serviceIds: [ids['service']] }),
  ),
  getConversion: async () => {
    const { body } = await client.call('POST', `${place}/remote-care/conversion`, {});
    return client.get(`${place}/remote-care/conversion/${String(body?.['id'])}`);
  },
  updateConversion: async () => {
    const { body } = await client.call('POST', `${place}/remote-care/conversion`, {});
    return client.call('PUT', `${place}/remote-care/conversion/${String(body?.['id'])}`, {
      patient: { firstName: 'Ada' },
    });
  },
  listServices: get(() => `${place}/remote-care/service`),
  getService: get(() => `${place}/remote-care/service/${n('service')}`),
  getRemoteCareSetting: get(() => `${place}/remote-care/setting`),
  listRoleGroups: get(() => '/role-group'),
  getRoleGroup: get(() => '/role-group/2'),
  getAvailability: async () => {
    const { appointmentTypeIds } = await setting();
    const query = new URLSearchParams({
      selfSchedulingSettingId: n('setting'),
      startUnix: String(Date.parse('2026-01-15T00:00:00Z')),
      endUnix: String(Date.parse('2026-01-25T00:00:00Z')),
      locationId: n('location'),
      appointmentTypeId: String((appointmentTypeIds as number[])[0]),
    });
    return client.get(`${account}/self-scheduling/availability?${query.toString()}`);
  },
  getSetting: get(() => `${account}/self-scheduling/setting/${n('setting')}`),
  createAttempt: call(
    'POST',
    () => `${account}/self-scheduling/attempt`,
    () => ({ selfSchedulingSettingId: ids['setting'] }),
  ),
  getSelfSchedulingAttempt: async () => client.get(`${account}/self-scheduling/attempt/${String(await newAttempt())}`),
  createAppointment1: async () => {
    const path = `${account}/self-scheduling/attempt/${String(await newAttempt())}`;
    await client.call('POST', `${path}/patient`, { ...demographics, email: 'booker@example.net' });
    const { schedulerConfigs, appointmentTypeIds } = await setting();
    const config = (schedulerConfigs as Row[])[0] as Row;
    return client.call('POST', `${path}/appointment`, {
      appointmentTypeId: (appointmentTypeIds as number[])[0],
      locationId: ids['location'],
      practitionerId: config['practitionerId'],
      schedulerConfigId: config['id'],
      startDateTime: at(20),
    });
  },
  attachPatientToSelfSchedulingAttempt: async () =>
    client.call('POST', `${account}/self-scheduling/attempt/${String(await newAttempt())}/patient`, demographics),
  listStaff: get(() => `${account}/staff`),
  getStaff: get(() => `${account}/staff/${n('staff')}`),
  listWebhookEndpoints: get(() => `${account}/webhook`),
  createWebhookEndpoint: call(
    'POST',
    () => `${account}/webhook`,
    () => hook,
  ),
  listEventTypes: get(() => `${account}/webhook/event-types`),
  getWebhookEndpoint: get(() => `${account}/webhook/${n('webhook')}`),
  updateWebhookEndpoint: call(
    'PUT',
    () => `${account}/webhook/${n('webhook')}`,
    () => ({ enabled: false }),
  ),
  deleteWebhookEndpoint: async () => {
    const { body } = await client.call('POST', `${account}/webhook`, hook);
    return client.call('DELETE', `${account}/webhook/${String(body?.['id'])}`);
  },
  testWebhookEndpoint: call('POST', () => `${account}/webhook/${n('webhook')}/test`),
  listWebhookEndpoints1: get(() => '/webhook'),
  createWebhookEndpoint1: call(
    'POST',
    () => '/webhook',
    () => hook,
  ),
  listEventTypes1: get(() => '/webhook/event-types'),
  getWebhookEndpoint1: get(() => `/webhook/${n('globalWebhook')}`),
  updateWebhookEndpoint1: call(
    'PUT',
    () => `/webhook/${n('globalWebhook')}`,
    () => ({ name: 'renamed' }),
  ),
  deleteWebhookEndpoint1: async () => {
    const { body } = await client.call('POST', '/webhook', hook);
    return client.call('DELETE', `/webhook/${String(body?.['id'])}`);
  },
  testWebhookEndpoint1: call('POST', () => `/webhook/${n('globalWebhook')}/test`),
};

const isRead = (id: string): boolean =>
  operations.some(({ operation, method }) => operation.operationId === id && method === 'get');

/** Calls a list, or the read by id below a list, with the ids of a row that the control API knows. */
async function callByPath(path: string): Promise<Reply> {
  const listPath = path.replace(/\/\{\w+\}$/, '');
  const listAt = (at: string): RawOperation | undefined => {
    const get = document.paths[at]?.['get'];
    return get !== undefined && 'x-list-key' in get ? get : undefined;
  };
  const list = listAt(path) ?? listAt(listPath);
  if (list?.operationId === undefined) throw new Error(`${path} is no list and not below one: give it a line in CALLS`);
  const [row] = await client.truth(1001, list.operationId);
  const own = listAt(path) === undefined ? [row?.row['id']] : [];
  const rest = [...(row?.parentId === undefined ? [] : [row.parentId]), ...own];
  const given: Row = { accountId: 1001, locationId: row?.locationId };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => String(given[name] ?? rest.shift()));
  return client.get(filled.replace('/partner/v2', ''));
}

describe('every operation of the contract', () => {
  const ajv = makeAjv();

  it('is called: by this table, or as its path says', () => {
    const known = operations.map(({ operation }) => operation.operationId);
    expect(Object.keys(CALLS).filter((id) => !known.includes(id))).toEqual([]);
    expect(
      operations.filter(
        ({ operation }) =>
          CALLS[operation.operationId as string] === undefined && !isRead(operation.operationId as string),
      ),
    ).toEqual([]);
  });

  for (const { operation, path } of operations) {
    const id = operation.operationId as string;
    it(id, async () => {
      const reply = await (CALLS[id] ?? (() => callByPath(path)))();
      const responses = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      expect(responses, reply.text.slice(0, 300)).toContain(String(reply.status));
      const content = operation.responses[String(reply.status)]?.content;
      if (content === undefined) {
        expect(reply.text).toBe('');
        return;
      }
      const name = content['application/json'].schema.$ref.split('/').at(-1) as string;
      const validate = ajv.compile({ $ref: `contract#/components/schemas/${name}Closed` });
      expect(validate(reply.body), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
    });
  }

  it('would find a misspelt field, also inside a list', () => {
    const validate = ajv.compile({ $ref: 'contract#/components/schemas/AppointmentListClosed' });
    expect(validate({ appointments: [{ id: 1, note: null }] })).toBe(true);
    expect(validate({ appointments: [{ id: 1, notes: null }] })).toBe(false);
    expect(validate({ appointments: [{ id: '1' }] })).toBe(false);
  });

  it('answers errors in the shape of Error', async () => {
    const validate = ajv.compile({ $ref: 'contract#/components/schemas/ErrorClosed' });
    for (const path of ['/account/1001/patients/1', '/account/9/patients', '/account/1001/patients?limit=0']) {
      const { status, body } = await client.get(path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(validate(body)).toBe(true);
    }
  });
});
