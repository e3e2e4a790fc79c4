import { Catalogue } from './data/catalogue.ts';
import type { Layout } from './data/layout.ts';
import type { Table } from './data/table.ts';
import type { Located, Row, Source } from './data/types.ts';
import { type AppointmentFacts, makeAppointments } from './rows/appointments.ts';
import { type CategoryFacts, makeCategoryFacts } from './rows/categories.ts';
import type { AccountContext, Catalogues } from './rows/context.ts';
import { type DeclaredRows, makeDeclared } from './rows/declared.ts';
import type { DeclaredTable } from './rows/define.ts';
import { type HealthFacts, makeHealth } from './rows/health.ts';
import { type InvoiceFacts, makeInvoices } from './rows/invoices.ts';
import { type LabFacts, makeLabs } from './rows/labs.ts';
import { makeNotifications, type NotificationFacts } from './rows/notifications.ts';
import {
  makeEventTypes,
  makeRemoteCareSettings,
  makeSchedulingSettings,
  makeServices,
  makeWebhooks,
} from './rows/offers.ts';
import { makePackets, type PacketFacts } from './rows/packets.ts';
import { makePatients, type PatientFacts } from './rows/patients.ts';
import { makePaymentRequests } from './rows/payments.ts';
import { makeAppointmentTypes, makeCategories, makeCrm, makeStaff, smallIds } from './rows/small.ts';
import { makeAttributes, makeTemplateGroups, makeTemplates } from './rows/templates.ts';

/** One account: its sources by resource name, and the facts that writes and evolving need. */
export interface Account {
  id: number;
  context: AccountContext;
  layout: Layout;
  small: Catalogues;
  patients: PatientFacts;
  visits: AppointmentFacts;
  packets: PacketFacts;
  invoices: InvoiceFacts;
  labs: LabFacts;
  paymentRequests: Table;
  messages: NotificationFacts;
  health: HealthFacts;
  categories: CategoryFacts;
  /** The lists of rows/tables/. */
  declared: DeclaredRows[];
  /** Everything that can be listed, by resource name. */
  sources: Map<string, Source>;
  catalogues: Map<string, Catalogue>;
  /** Patients per category, kept while things change. */
  patientCounts: Map<number, number>;
}

/** Present categories of all patients, listed as if there were a list. */
function categoryRows(patients: PatientFacts, categories: CategoryFacts): Source {
  const one = (id: number): Row | undefined => {
    const i = patients.table.find(id);
    return i < 0 ? undefined : categories.categoryOf(i);
  };
  return {
    resource: 'patient_categories',
    page: () => ({ rows: [], positions: [], more: false }),
    get: (_scope, id) => one(id),
    *all(): Generator<Located> {
      for (const { row } of patients.table.all()) {
        const parentId = row['id'] as number;
        const found = one(parentId);
        if (found !== undefined) yield { parentId, row: found };
      }
    },
    setHidden: () => false,
    patch: () => false,
    locate: (id) => ({ parentId: id }),
  };
}

/** Builds an account from its context. */
export function makeAccount(context: AccountContext, locations: Row[], tables: readonly DeclaredTable[]): Account {
  const staff = makeStaff(context, locations);
  const types = makeAppointmentTypes(context);
  const categoryRowsSmall = makeCategories(context);
  const crm = makeCrm(context);
  const nameOf = (row: Row): string => `${String(row['firstName'])} ${String(row['lastName'])}`;
  const templates = makeTemplates(
    context,
    types.map((type) => type['id'] as number),
  );
  const small: Catalogues = {
    practitioners: staff
      .filter((row) => row['isPractitioner'])
      .map((row) => ({ id: row['id'] as number, name: nameOf(row) })),
    staffNames: staff.map(nameOf),
    appointmentTypes: types.map((row) => ({
      id: row['id'] as number,
      minutes: row['durationMinutes'] as number,
      name: row['name'] as string,
    })),
    categories: categoryRowsSmall.map((row) => ({
      id: row['id'] as number,
      name: row['name'] as string,
      color: row['color'] as string,
    })),
    templates,
  };
  const patients = makePatients(context);
  const visits = makeAppointments(context, small, patients);
  const packets = makePackets(context, small, patients);
  const invoices = makeInvoices(context, patients, visits);
  const labs = makeLabs(context, small, patients, visits);
  const paymentRequests = makePaymentRequests(context, patients, visits, invoices);
  const messages = makeNotifications(context, patients, { visits, packets: packets.table, paymentRequests });
  const health = makeHealth(context, small, patients);
  const categories = makeCategoryFacts(context, small, patients);
  const patientCounts = categories.counts();

  const settings = makeSchedulingSettings(context, small);
  const locationIds = context.locations.map((place) => place.id);
  const plain = (rows: readonly Row[]) => rows.map((row) => ({ row }));
  const webhookIds = smallIds(context, 'webhooks');
  const catalogues = [
    new Catalogue({ resource: 'locations', entries: plain(locations) }),
    new Catalogue({ resource: 'staff', entries: plain(staff) }),
    new Catalogue({ resource: 'appointment_types', entries: plain(types) }),
    new Catalogue({
      resource: 'categories',
      entries: plain(categoryRowsSmall),
      derive: (row) => ({ patientCount: patientCounts.get(row['id'] as number) ?? 0 }),
    }),
    new Catalogue({ resource: 'crm_status_groups', entries: plain(crm.groups) }),
    new Catalogue({
      resource: 'crm_statuses',
      entries: crm.statuses.map((row) => ({ row, parent: row['groupId'] as number })),
    }),
    new Catalogue({ resource: 'form_templates', entries: plain(templates.map((t) => t.row)), locationIds }),
    new Catalogue({
      resource: 'form_template_elements',
      entries: templates.flatMap((t) => t.elements.map((row) => ({ row, parent: t.row['id'] as number }))),
    }),
    new Catalogue({ resource: 'form_template_attributes', entries: makeAttributes(context, templates) }),
    new Catalogue({
      resource: 'form_template_groups',
      entries: plain(makeTemplateGroups(context, templates)),
      locationIds,
    }),
    new Catalogue({ resource: 'remote_care_services', entries: makeServices(context, small), locationIds }),
    new Catalogue({
      resource: 'remote_care_settings',
      entries: makeRemoteCareSettings(context, small, settings),
      locationIds,
      key: 'locationId',
    }),
    new Catalogue({ resource: 'self_scheduling_settings', entries: plain(settings) }),
    new Catalogue({
      resource: 'webhook_endpoints',
      entries: plain(makeWebhooks(context, (i) => webhookIds.of(i), 2)),
    }),
    new Catalogue({ resource: 'webhook_event_types', entries: plain(makeEventTypes()), key: 'eventType' }),
  ];
  const sources: Source[] = [
    ...catalogues,
    patients.table,
    categoryRows(patients, categories),
    categories.transitions,
    health.allergies,
    health.medications,
    health.problems,
    visits.table,
    packets.table,
    invoices.table,
    invoices.lines,
    labs.table,
    labs.components,
    paymentRequests,
    messages.groups,
    messages.notifications,
  ];
  const byName = new Map(sources.map((source) => [source.resource, source]));
  const declared = tables
    .filter((table) => table.scope !== 'global')
    .map((table) => {
      const made = makeDeclared(context, table, patients, byName.get(table.parentResource ?? ''));
      byName.set(table.spec.resource, made.source);
      return made;
    });
  return {
    id: context.accountId,
    context,
    layout: context.layout,
    small,
    patients,
    visits,
    packets,
    invoices,
    labs,
    paymentRequests,
    messages,
    health,
    categories,
    patientCounts,
    declared,
    sources: byName,
    catalogues: new Map(catalogues.map((catalogue) => [catalogue.resource, catalogue])),
  };
}
