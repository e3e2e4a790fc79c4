import type { Resource } from './resource.ts';
import { allergies } from './resources/allergies.ts';
import { appointmentTypes } from './resources/appointment_types.ts';
import { appointments } from './resources/appointments.ts';
import { categories } from './resources/categories.ts';
import { categoryTransitions } from './resources/category_transitions.ts';
import { crmStatusGroups } from './resources/crm_status_groups.ts';
import { crmStatuses } from './resources/crm_statuses.ts';
import { formAnswers } from './resources/form_answers.ts';
import { formPackets } from './resources/form_packets.ts';
import { formTemplateAttributes } from './resources/form_template_attributes.ts';
import { formTemplateElements } from './resources/form_template_elements.ts';
import { formTemplateGroups } from './resources/form_template_groups.ts';
import { formTemplates } from './resources/form_templates.ts';
import { forms } from './resources/forms.ts';
import { invoiceLineItems } from './resources/invoice_line_items.ts';
import { invoices } from './resources/invoices.ts';
import { labTestComponents } from './resources/lab_test_components.ts';
import { labTestPanels } from './resources/lab_test_panels.ts';
import { labs } from './resources/labs.ts';
import { locations } from './resources/locations.ts';
import { medications } from './resources/medications.ts';
import { notificationGroups } from './resources/notification_groups.ts';
import { notifications } from './resources/notifications.ts';
import { patientCategories } from './resources/patient_categories.ts';
import { patients } from './resources/patients.ts';
import { paymentRequests } from './resources/payment_requests.ts';
import { problems } from './resources/problems.ts';
import { recurringPayments } from './resources/recurring_payments.ts';
import { remoteCareServices } from './resources/remote_care_services.ts';
import { remoteCareSettings } from './resources/remote_care_settings.ts';
import { roleGroups } from './resources/role_groups.ts';
import { selfSchedulingSettings } from './resources/self_scheduling_settings.ts';
import { staff } from './resources/staff.ts';
import { webhookEndpoints } from './resources/webhook_endpoints.ts';
import { webhookEventTypes } from './resources/webhook_event_types.ts';

/** Every resource, in the order in which people think of them. A new one is one line here. */
export const RESOURCES: readonly Resource[] = [
  locations,
  staff,
  roleGroups,
  appointmentTypes,
  categories,
  crmStatusGroups,
  crmStatuses,
  patients,
  patientCategories,
  categoryTransitions,
  allergies,
  medications,
  problems,
  appointments,
  formTemplateGroups,
  formTemplates,
  formTemplateElements,
  formTemplateAttributes,
  formPackets,
  forms,
  formAnswers,
  invoices,
  invoiceLineItems,
  paymentRequests,
  recurringPayments,
  labs,
  labTestPanels,
  labTestComponents,
  notificationGroups,
  notifications,
  remoteCareServices,
  remoteCareSettings,
  selfSchedulingSettings,
  webhookEndpoints,
  webhookEventTypes,
];

const byName = new Map(RESOURCES.map((resource) => [resource.name, resource]));

/** The resource of that name. Throws a RangeError for a name that is not registered: a fault of the program. */
export function resourceNamed(name: string): Resource {
  const resource = byName.get(name);
  if (resource === undefined) throw new RangeError(`no resource is named ${name}`);
  return resource;
}
