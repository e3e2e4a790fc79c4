import type { Kind } from '../world/world.ts';
import type { Filter } from './filters.ts';
import { before, contains, deliveryState, flag, id, idAmong, oneOf, same, since } from './filters.ts';

export interface ListRoute {
  readonly op: string;
  readonly path: string;
  /** The array's name. */
  readonly key: string;
  readonly kind: Kind;
  readonly paged: boolean;
  /** The kind and path parameter of the record under which the rows hang. */
  readonly parent?: { readonly kind: Kind; readonly param: string };
  readonly filters?: Readonly<Record<string, Filter>>;
  /** Values of sortBy and the fields they stand for. */
  readonly sorts?: Readonly<Record<string, string>>;
}

const A = '/account/{accountId}';
const L = `${A}/location/{locationId}`;
const P = `${A}/patients/{patientId}`;
const patient = { kind: 'patients', param: 'patientId' } as const;
const template = { kind: 'formTemplates', param: 'formTemplateId' } as const;
const active = flag('active');
const patientId = id('patientId');
const dates = (field: string) => ({ startDate: since(field), endDate: before(field) });

const VISIT_FILTER = ['SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_TREATMENT', 'CHECKED_OUT', 'CANCELLED', 'NO_SHOW'];
const INVOICE = ['DRAFT', 'OPEN', 'VIEWED', 'PAID', 'FAILED', 'PAST_DUE', 'REFUNDED', 'VOID'];
const VENDORS = ['IN_HOUSE', 'LABCORP', 'PRIME', 'BRIO', 'SPOTDX', 'OTHER'];

const unpaged = (op: string, path: string, key: string, kind: Kind): ListRoute => ({
  op,
  path,
  key,
  kind,
  paged: false,
});

/** Every list of the contract, apart from test components, which are read out of their labs. */
export const LISTS: readonly ListRoute[] = [
  unpaged('listRoleGroups', '/role-group', 'roleGroups', 'roleGroups'),
  unpaged('listWebhookEndpoints1', '/webhook', 'items', 'webhooks'),
  unpaged('listEventTypes1', '/webhook/event-types', 'eventTypes', 'eventTypes'),
  unpaged('listWebhookEndpoints', `${A}/webhook`, 'items', 'webhooks'),
  unpaged('listEventTypes', `${A}/webhook/event-types`, 'eventTypes', 'eventTypes'),
  unpaged('listCrmStatusGroups', `${A}/crm-status-group`, 'crmStatusGroups', 'crmStatusGroups'),
  {
    ...unpaged('listCrmStatuses', `${A}/crm-status-group/{groupId}/status`, 'crmStatuses', 'crmStatuses'),
    parent: { kind: 'crmStatusGroups', param: 'groupId' },
  },
  {
    op: 'listLocations',
    path: `${A}/location`,
    key: 'locations',
    kind: 'locations',
    paged: true,
    filters: { name: contains('name'), storeId: same('storeId'), active },
    sorts: { NAME: 'name', CREATED_DATE: 'createdAt' },
  },
  {
    op: 'listStaff',
    path: `${A}/staff`,
    key: 'staff',
    kind: 'staff',
    paged: true,
    filters: {
      locationId: idAmong('locationIds'),
      roleGroupId: idAmong('roleGroupIds'),
      active,
      isPractitioner: flag('isPractitioner'),
    },
  },
  {
    op: 'listAppointmentTypes',
    path: `${A}/appointment/type`,
    key: 'appointmentTypes',
    kind: 'appointmentTypes',
    paged: true,
    filters: { name: contains('name'), description: contains('description'), active },
  },
  {
    op: 'listCategories',
    path: `${A}/category`,
    key: 'categories',
    kind: 'categories',
    paged: true,
    filters: { active },
  },
  {
    op: 'listPatients',
    path: `${A}/patients`,
    key: 'patients',
    kind: 'patients',
    paged: true,
    filters: { name: contains('firstName', 'lastName'), email: same('email') },
  },
  {
    ...unpaged('listAllergies', `${P}/health-profile/allergies`, 'allergies', 'allergies'),
    parent: patient,
    filters: { active },
  },
  {
    ...unpaged('listMedications', `${P}/health-profile/medications`, 'medications', 'medications'),
    parent: patient,
    filters: { active },
  },
  {
    ...unpaged('listProblems', `${P}/health-profile/problems`, 'problems', 'problems'),
    parent: patient,
    filters: { active },
  },
  {
    op: 'listCategoryTransitions',
    path: `${P}/category/transition`,
    key: 'transitions',
    kind: 'transitions',
    paged: true,
    parent: patient,
    filters: { fromCategoryId: id('fromCategoryId'), toCategoryId: id('toCategoryId'), ...dates('transitionedAt') },
  },
  {
    op: 'listAppointments',
    path: `${L}/appointment`,
    key: 'appointments',
    kind: 'appointments',
    paged: true,
    filters: {
      patientId,
      practitionerId: id('practitionerId'),
      appointmentTypeId: id('appointmentTypeId'),
      status: oneOf('status', VISIT_FILTER),
      ...dates('startTime'),
    },
    sorts: { START_TIME: 'startTime', CREATED_DATE: 'createdAt' },
  },
  {
    op: 'listFormPackets',
    path: `${L}/form`,
    key: 'formPackets',
    kind: 'formPackets',
    paged: true,
    filters: {
      patientId,
      locationId: id('locationId'),
      formTemplateId: idAmong('formTemplateIds'),
      status: oneOf('status', ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'ARCHIVED']),
      ...dates('createdAt'),
    },
  },
  {
    op: 'listInvoices',
    path: `${L}/invoice`,
    key: 'invoices',
    kind: 'invoices',
    paged: true,
    filters: { patientId, status: oneOf('status', INVOICE), ...dates('createdAt') },
  },
  {
    op: 'listLineItems',
    path: `${L}/invoice/{invoiceId}/line-item`,
    key: 'lineItems',
    kind: 'lineItems',
    paged: true,
    parent: { kind: 'invoices', param: 'invoiceId' },
  },
  {
    op: 'listLabs',
    path: `${L}/lab`,
    key: 'labs',
    kind: 'labs',
    paged: true,
    filters: {
      patientId,
      appointmentId: id('appointmentId'),
      status: oneOf('status', ['PROCESSING', 'COMPLETE', 'ORDER_ERROR']),
      vendorType: oneOf('vendorType', VENDORS),
      ...dates('entryOn'),
    },
    sorts: { ENTRY_DATE: 'entryOn', CREATED_DATE: 'createdAt' },
  },
  {
    op: 'listPaymentRequests',
    path: `${L}/payment-request`,
    key: 'paymentRequests',
    kind: 'paymentRequests',
    paged: true,
    filters: {
      patientId,
      appointmentId: id('appointmentId'),
      status: oneOf('status', ['PENDING', 'PARTIALLY_PAID', 'PAID', 'VOIDED', 'EXPIRED']),
      createdAfter: since('createdAt'),
      createdBefore: before('createdAt'),
    },
  },
  {
    op: 'listRecurringPayments',
    path: `${L}/recurring-payment`,
    key: 'recurringPayments',
    kind: 'recurringPayments',
    paged: true,
    filters: { patientId, status: oneOf('status', ['ACTIVE', 'PAUSED', 'CANCELLED', 'COMPLETED', 'FAILED']) },
  },
  {
    op: 'listNotifications',
    path: `${L}/notification`,
    key: 'notifications',
    kind: 'notifications',
    paged: true,
    filters: {
      patientId,
      notificationGroupId: id('notificationGroupId'),
      type: same('type'),
      status: deliveryState,
      ...dates('createdAt'),
    },
  },
  {
    op: 'listNotificationGroups',
    path: `${L}/notification-group`,
    key: 'notificationGroups',
    kind: 'notificationGroups',
    paged: true,
  },
  { op: 'listServices', path: `${L}/remote-care/service`, key: 'services', kind: 'services', paged: true },
  {
    op: 'listFormTemplates',
    path: `${L}/form/template`,
    key: 'formTemplates',
    kind: 'formTemplates',
    paged: true,
    filters: { appointmentTypeId: idAmong('appointmentTypeIds'), staffOnly: flag('staffOnly') },
  },
  unpaged('listFormTemplateGroups', `${L}/form/group`, 'formTemplateGroups', 'formTemplateGroups'),
  unpaged('listFormTemplateGroups1', `${L}/form/template/groups`, 'formTemplateGroups', 'formTemplateGroups'),
  {
    ...unpaged(
      'getFormTemplateAttributes',
      `${L}/form/template/{formTemplateId}/attributes`,
      'attributes',
      'formAttributes',
    ),
    parent: template,
  },
  {
    ...unpaged('getFormTemplateElements', `${L}/form/template/{formTemplateId}/elements`, 'elements', 'formElements'),
    parent: template,
  },
];
