import type { Call } from '../http/call.ts';
import { Refusal } from '../http/call.ts';
import { personName } from '../world/builder.ts';
import type { Entry, Row } from '../world/collection.ts';
import type { Kind } from '../world/world.ts';

export interface GetRoute {
  readonly op: string;
  readonly path: string;
  readonly kind: Kind;
  /** The path parameter with the key of the record. */
  readonly param: string;
  readonly parent?: { readonly kind: Kind; readonly param: string };
  /** What the read by id shows, where that differs from the record. */
  readonly shape?: (call: Call, entry: Entry) => Row;
}

const A = '/account/{accountId}';
const L = `${A}/location/{locationId}`;
const P = `${A}/patients/{patientId}`;

const get = (op: string, path: string, kind: Kind, param: string): GetRoute => ({ op, path, kind, param });

/** A packet without answers unless they are asked for. */
export function packetShape(row: Row, withAnswers: boolean): Row {
  if (withAnswers || !Array.isArray(row['forms'])) return row;
  const forms = (row['forms'] as Row[]).map(({ answers: _answers, mappedAnswers: _mapped, ...form }) => form);
  return { ...row, forms };
}

function visitWithNames({ world }: Call, { row }: Entry): Row {
  const find = (kind: Kind, field: string) => world[kind].find(Number(row[field]))?.row;
  const patient = find('patients', 'patientId');
  const practitioner = find('staff', 'practitionerId');
  return {
    ...row,
    patientName: patient === undefined ? null : personName(patient),
    practitionerName: practitioner === undefined ? null : personName(practitioner),
    locationName: find('locations', 'locationId')?.['name'] ?? null,
    appointmentTypeName: find('appointmentTypes', 'appointmentTypeId')?.['name'] ?? null,
  };
}

const groupWithTemplates = ({ world }: Call, { row }: Entry): Row => ({
  ...row,
  formTemplates: (row['formTemplateIds'] as number[]).flatMap((id) => world.formTemplates.find(id)?.row ?? []),
});

const templateWithElements = ({ world }: Call, { row, key }: Entry): Row => ({
  ...row,
  elements: world.formElements.in({ parentId: key }).map((element) => element.row),
});

/** A link that is another one at each read, as signed links are. */
const signedUrl =
  (what: string, minutes: number) =>
  (call: Call, { key }: Entry): Row => ({
    url: `https://files.example.test/${what}-${key}.pdf?sig=${call.n}%2F`,
    expiresAt: new Date(call.now + minutes * 60_000).toISOString(),
  });

function matchedPatient({ world }: Call, { row }: Entry): Row {
  const email = row['verifiedEmail'];
  const found = world.patients.entries().filter((entry) => email !== null && entry.row['email'] === email);
  if (found.length === 0) throw new Refusal(404, 'no match');
  if (found.length > 1) throw new Refusal(422, 'several matches');
  return { patientId: found[0]?.key };
}

/** Every read of one object, apart from test components and free slots. */
export const GETS: readonly GetRoute[] = [
  get('getRoleGroup', '/role-group/{roleGroupId}', 'roleGroups', 'roleGroupId'),
  get('getWebhookEndpoint1', '/webhook/{webhookId}', 'webhooks', 'webhookId'),
  get('getWebhookEndpoint', `${A}/webhook/{webhookId}`, 'webhooks', 'webhookId'),
  get('getLocation', L, 'locations', 'locationId'),
  get('getStaff', `${A}/staff/{staffId}`, 'staff', 'staffId'),
  get('getAppointmentType', `${A}/appointment/type/{appointmentTypeId}`, 'appointmentTypes', 'appointmentTypeId'),
  get('getCategory', `${A}/category/{categoryId}`, 'categories', 'categoryId'),
  get('getCrmStatusGroup', `${A}/crm-status-group/{groupId}`, 'crmStatusGroups', 'groupId'),
  {
    ...get('getCrmStatus', `${A}/crm-status-group/{groupId}/status/{statusId}`, 'crmStatuses', 'statusId'),
    parent: { kind: 'crmStatusGroups', param: 'groupId' },
  },
  get('getPatient', P, 'patients', 'patientId'),
  get('getPatientCategory', `${P}/category`, 'patientCategories', 'patientId'),
  {
    ...get('getCategoryTransition', `${P}/category/transition/{transitionId}`, 'transitions', 'transitionId'),
    parent: { kind: 'patients', param: 'patientId' },
  },
  get('getAllergy', `${A}/health-profile/allergies/{allergyId}`, 'allergies', 'allergyId'),
  get('getMedication', `${A}/health-profile/medications/{medicationId}`, 'medications', 'medicationId'),
  get('getProblem', `${A}/health-profile/problems/{problemId}`, 'problems', 'problemId'),
  {
    ...get('getAppointment', `${L}/appointment/{appointmentId}`, 'appointments', 'appointmentId'),
    shape: visitWithNames,
  },
  {
    ...get('getFormPacket', `${L}/form/{formPacketId}`, 'formPackets', 'formPacketId'),
    shape: (call, { row }) => packetShape(row, call.query.get('includeAnswers') === 'true'),
  },
  {
    ...get('getFormPacketPdf', `${L}/form/{formPacketId}/pdf`, 'formPackets', 'formPacketId'),
    shape: signedUrl('packet', 15),
  },
  {
    ...get('getFormPacketUrl', `${L}/form/{formPacketId}/url`, 'formPackets', 'formPacketId'),
    shape: (_call, { key }) => ({ url: `https://forms.example.test/p/${key}` }),
  },
  {
    ...get('getFormTemplate', `${L}/form/template/{formTemplateId}`, 'formTemplates', 'formTemplateId'),
    shape: templateWithElements,
  },
  {
    ...get('getFormTemplateGroup', `${L}/form/group/{groupId}`, 'formTemplateGroups', 'groupId'),
    shape: groupWithTemplates,
  },
  {
    ...get('getFormTemplateGroup1', `${L}/form/template/groups/{groupId}`, 'formTemplateGroups', 'groupId'),
    shape: groupWithTemplates,
  },
  get('getInvoice', `${L}/invoice/{invoiceId}`, 'invoices', 'invoiceId'),
  { ...get('getInvoicePdf', `${L}/invoice/{invoiceId}/pdf`, 'invoices', 'invoiceId'), shape: signedUrl('invoice', 5) },
  {
    ...get('getLineItem', `${L}/invoice/{invoiceId}/line-item/{lineItemId}`, 'lineItems', 'lineItemId'),
    parent: { kind: 'invoices', param: 'invoiceId' },
  },
  get('getLab', `${L}/lab/{labId}`, 'labs', 'labId'),
  get('getPaymentRequest', `${L}/payment-request/{paymentRequestId}`, 'paymentRequests', 'paymentRequestId'),
  get('getRecurringPayment', `${L}/recurring-payment/{recurringPaymentId}`, 'recurringPayments', 'recurringPaymentId'),
  get('getNotification', `${L}/notification/{notificationId}`, 'notifications', 'notificationId'),
  get('getNotificationGroup', `${L}/notification-group/{groupId}`, 'notificationGroups', 'groupId'),
  get('getService', `${L}/remote-care/service/{serviceId}`, 'services', 'serviceId'),
  get('getRemoteCareSetting', `${L}/remote-care/setting`, 'remoteCareSettings', 'locationId'),
  get('getConversion', `${L}/remote-care/conversion/{id}`, 'conversions', 'id'),
  get(
    'getSetting',
    `${A}/self-scheduling/setting/{selfSchedulingSettingId}`,
    'selfSchedulingSettings',
    'selfSchedulingSettingId',
  ),
  get('getSelfSchedulingAttempt', `${A}/self-scheduling/attempt/{attemptId}`, 'attempts', 'attemptId'),
  get('getIdentityProofStatus', `${A}/identity-proof/{id}`, 'identityProofs', 'id'),
  { ...get('getPatient1', `${A}/identity-proof/{id}/patient`, 'identityProofs', 'id'), shape: matchedPatient },
];
