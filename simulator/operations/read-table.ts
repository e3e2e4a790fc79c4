import type { Account } from '../account.ts';
import type { QueryValue } from '../check.ts';
import type { Row } from '../data/types.ts';
import { accountOf, type Call } from './call.ts';

/** What a query parameter means for a list, where it isn't plain equality. */
export type Filter = (
  value: QueryValue,
  account: Account,
) => { test?: (row: Row) => boolean; only?: number[]; acceptIndex?: (i: number) => boolean };

/** How one list or read by id is served. */
export interface Read {
  resource: string;
  /** Path parameter with the row's id; reads by id only. */
  id?: string;
  /** Path parameter with the parent's id, and the parent's resource. */
  parent?: { param: string; resource: string };
  /** Query parameters that are no plain equality. */
  filters?: Record<string, Filter>;
  /** `patientId` is answered from an index. */
  byPatient?: boolean;
  /** Sort field when none is asked for. */
  order?: string;
  /** Adds or takes away fields for this operation. */
  shape?: (row: Row, call: Call) => Row;
}

/** The field that each value of `sortBy` stands for. */
export const SORT_FIELDS: Record<string, string> = {
  START_TIME: 'startTime',
  CREATED_DATE: 'createdAt',
  ENTRY_DATE: 'entryOn',
  NAME: 'name',
};

const contains =
  (field: string): Filter =>
  (value) => ({
    test: (row) =>
      String(row[field] ?? '')
        .toLowerCase()
        .includes(String(value).toLowerCase()),
  });
const includes =
  (field: string): Filter =>
  (value) => ({ test: (row) => Array.isArray(row[field]) && (row[field] as unknown[]).includes(value) });

const patientName: Filter = (value, account) => {
  const wanted = String(value).toLowerCase();
  const { table, nameOf } = account.patients;
  return {
    acceptIndex: (i) => table.patchOf(i) !== undefined || nameOf(i).toLowerCase().includes(wanted),
    test: (row) => `${String(row['firstName'])} ${String(row['lastName'])}`.toLowerCase().includes(wanted),
  };
};

/** Indexes of the patients that may have an e-mail address. */
export function patientsByEmail(account: Account, email: string): number[] {
  const { table, byEmail } = account.patients;
  const guess = byEmail(email);
  const found = new Set([guess, guess + 1, ...table.patched()].filter((i) => i >= 0));
  return [...found].filter((i) => table.alive(i)).sort((a, b) => a - b);
}

const patientEmail: Filter = (value, account) => ({
  only: patientsByEmail(account, String(value)),
  test: (row) => String(row['email'] ?? '').toLowerCase() === String(value).toLowerCase(),
});

function withNames(row: Row, call: Call): Row {
  const account = accountOf(call);
  const { small, context, patients } = account;
  const patient = patients.table.get({}, row['patientId'] as number);
  return {
    ...row,
    patientName: patient === undefined ? null : `${String(patient['firstName'])} ${String(patient['lastName'])}`,
    practitionerName: small.practitioners.find((person) => person.id === row['practitionerId'])?.name ?? null,
    locationName: context.locations.find((place) => place.id === row['locationId'])?.name ?? null,
    appointmentTypeName: small.appointmentTypes.find((type) => type.id === row['appointmentTypeId'])?.name ?? null,
  };
}

function withTemplates(row: Row, call: Call): Row {
  const templates = accountOf(call).catalogues.get('form_templates')?.rows() ?? [];
  const ids = row['formTemplateIds'] as unknown[];
  return { ...row, formTemplates: templates.filter((template) => ids.includes(template['id'])) };
}

function withElements(row: Row, call: Call): Row {
  const elements = accountOf(call).catalogues.get('form_template_elements');
  return { ...row, elements: elements?.rows({ parent: row['id'] as number }) ?? [] };
}

function panelsInLists(row: Row, call: Call): Row {
  if (call.world.settings.labsEmbedPanels) return row;
  const { testPanels: _left, ...rest } = row;
  return rest;
}

const patient = { param: 'patientId', resource: 'patients' };
const template = { param: 'formTemplateId', resource: 'form_templates' };
const crmGroup = { param: 'groupId', resource: 'crm_status_groups' };
const invoice = { param: 'invoiceId', resource: 'invoices' };
const lab = { param: 'labId', resource: 'labs' };
const names = { name: contains('name'), description: contains('description') };

/** The lists and plain reads by id whose rows depend on each other. All others are declared in rows/tables/. */
export const READS: Record<string, Read> = {
  listAppointmentTypes: { resource: 'appointment_types', filters: names },
  getAppointmentType: { resource: 'appointment_types', id: 'appointmentTypeId' },
  listAppointments: { resource: 'appointments', byPatient: true, order: 'startTime' },
  getAppointment: { resource: 'appointments', id: 'appointmentId', shape: withNames },
  listCrmStatusGroups: { resource: 'crm_status_groups' },
  getCrmStatusGroup: { resource: 'crm_status_groups', id: 'groupId' },
  listCrmStatuses: { resource: 'crm_statuses', parent: crmGroup },
  getCrmStatus: { resource: 'crm_statuses', id: 'statusId', parent: crmGroup },
  listCategories: { resource: 'categories' },
  getCategory: { resource: 'categories', id: 'categoryId' },
  listFormTemplateGroups: { resource: 'form_template_groups' },
  getFormTemplateGroup: { resource: 'form_template_groups', id: 'groupId', shape: withTemplates },
  listFormTemplateGroups1: { resource: 'form_template_groups' },
  getFormTemplateGroup1: { resource: 'form_template_groups', id: 'groupId', shape: withTemplates },
  listFormTemplates: { resource: 'form_templates', filters: { appointmentTypeId: includes('appointmentTypeIds') } },
  getFormTemplate: { resource: 'form_templates', id: 'formTemplateId', shape: withElements },
  getFormTemplateAttributes: { resource: 'form_template_attributes', parent: template },
  getFormTemplateElements: { resource: 'form_template_elements', parent: template },
  listFormPackets: {
    resource: 'form_packets',
    byPatient: true,
    filters: { formTemplateId: includes('formTemplateIds') },
  },
  listInvoices: { resource: 'invoices', byPatient: true },
  getInvoice: { resource: 'invoices', id: 'invoiceId' },
  listLineItems: { resource: 'invoice_line_items', parent: invoice },
  getLineItem: { resource: 'invoice_line_items', id: 'lineItemId', parent: invoice },
  listLabs: { resource: 'labs', byPatient: true, shape: panelsInLists },
  getLab: { resource: 'labs', id: 'labId' },
  listTestComponents: { resource: 'lab_test_components', parent: lab },
  getTestComponent: { resource: 'lab_test_components', id: 'componentId', parent: lab },
  listLocations: { resource: 'locations', filters: { name: contains('name') } },
  getLocation: { resource: 'locations', id: 'locationId' },
  listNotificationGroups: { resource: 'notification_groups' },
  getNotificationGroup: { resource: 'notification_groups', id: 'groupId' },
  listNotifications: {
    resource: 'notifications',
    byPatient: true,
    filters: { status: (value) => ({ test: (row) => row['emailStatus'] === value || row['smsStatus'] === value }) },
  },
  getNotification: { resource: 'notifications', id: 'notificationId' },
  getAllergy: { resource: 'allergies', id: 'allergyId' },
  getMedication: { resource: 'medications', id: 'medicationId' },
  getProblem: { resource: 'problems', id: 'problemId' },
  listAllergies: { resource: 'allergies', parent: patient },
  listMedications: { resource: 'medications', parent: patient },
  listProblems: { resource: 'problems', parent: patient },
  listPatients: { resource: 'patients', filters: { name: patientName, email: patientEmail } },
  getPatient: { resource: 'patients', id: 'patientId' },
  getPatientCategory: { resource: 'patient_categories', id: 'patientId' },
  listCategoryTransitions: { resource: 'category_transitions', parent: patient },
  getCategoryTransition: { resource: 'category_transitions', id: 'transitionId', parent: patient },
  listPaymentRequests: { resource: 'payment_requests', byPatient: true },
  getPaymentRequest: { resource: 'payment_requests', id: 'paymentRequestId' },
  listServices: { resource: 'remote_care_services' },
  getService: { resource: 'remote_care_services', id: 'serviceId' },
  getRemoteCareSetting: { resource: 'remote_care_settings', id: 'locationId' },
  listRoleGroups: { resource: 'role_groups' },
  getRoleGroup: { resource: 'role_groups', id: 'roleGroupId' },
  getSetting: { resource: 'self_scheduling_settings', id: 'selfSchedulingSettingId' },
  listStaff: {
    resource: 'staff',
    filters: { locationId: includes('locationIds'), roleGroupId: includes('roleGroupIds') },
  },
  getStaff: { resource: 'staff', id: 'staffId' },
  listWebhookEndpoints: { resource: 'webhook_endpoints' },
  getWebhookEndpoint: { resource: 'webhook_endpoints', id: 'webhookId' },
  listWebhookEndpoints1: { resource: 'webhook_endpoints' },
  getWebhookEndpoint1: { resource: 'webhook_endpoints', id: 'webhookId' },
  listEventTypes: { resource: 'webhook_event_types' },
  listEventTypes1: { resource: 'webhook_event_types' },
};
