import { keysOf } from '../../odd-api/oracle/compare.ts';
import { truthOf } from '../../odd-api/oracle/tables.ts';
import type { Random } from '../../odd-api/random.ts';
import type { Entry, Row } from '../../odd-api/world/collection.ts';
import type { Kind, World } from '../../odd-api/world/world.ts';

/** A day in Lobbie: what people change between two nightly syncs. */

const DAY = 86_400_000;

/** Rows that may be otherwise than in Lobbie until the rotation comes to them, as `<table> <key>`. */
export type NotYetDue = Set<string>;

/** Tables of long lists, and what comes with them: a row of theirs that leaves is found when its list is read whole. */
const LONG = [
  'appointments',
  'form_packets',
  'forms',
  'form_answers',
  'invoices',
  'invoice_line_items',
  'labs',
  'lab_test_panels',
  'lab_test_components',
  'payment_requests',
  'notifications',
];

/** Kinds that lists of a location show, with the patient on each record. */
const OF_LOCATIONS = [
  'appointments',
  'formPackets',
  'invoices',
  'labs',
  'paymentRequests',
  'recurringPayments',
  'notifications',
  'notificationGroups',
] as const;

export class Day {
  readonly #world: World;
  readonly #random: Random;
  readonly #notYetDue: NotYetDue;
  readonly #accountId: number;
  #names = 0;

  constructor(world: World, random: Random, notYetDue: NotYetDue) {
    this.#world = world;
    this.#random = random;
    this.#notYetDue = notYetDue;
    this.#accountId = world.accountIds[0] ?? 0;
  }

  /** Everything of docs/strategies.md that is found the same night, and everything that is left to the rotation. */
  pass(): void {
    this.#wholeLists();
    this.#people();
    this.#visits();
    this.#money();
    this.#packets();
    this.#labs();
    this.#messages();
    this.#templates();
    this.#hidden();
  }

  #wholeLists(): void {
    for (const kind of ['staff', 'categories', 'appointmentTypes', 'locations', 'services'] as const) {
      this.#rename(kind, 'name' in (this.#some(kind)?.row ?? {}) ? 'name' : 'lastName');
    }
    this.#rename('crmStatuses', 'name');
    this.#rename('recurringPayments', 'description');
    this.#rename('formTemplateGroups', 'name');
    this.#rename('notificationGroups', 'name');
    this.#leave('staff');
    this.#leave('crmStatuses');
  }

  /** A new patient with all that may hang below, one who changes, and one who leaves with everything. */
  #people(): void {
    const world = this.#world;
    this.#rename('patients', 'lastName');
    const patientId = world.patients.add(this.#like('patients', { firstName: this.#word() }), this.#home());
    this.#category(patientId);
    for (const kind of ['allergies', 'medications', 'problems'] as const) {
      const model = this.#some(kind);
      if (model !== undefined)
        world[kind].add(this.#copy(model, { patientId }), { ...this.#home(), parentId: patientId });
    }
    const leaving = this.#some('patients', ({ key }) => key !== patientId && !this.#isLast(key));
    if (leaving !== undefined && world.patients.in(this.#home()).length > 6) {
      this.#slowly(() => world.removePatient(leaving.key), LONG);
    }
  }

  /** Whether some list of a location would lose its last row with a patient: that is not believed (docs/guarantees.md). */
  #isLast(patientId: number): boolean {
    return OF_LOCATIONS.some((kind) => {
      const places = Map.groupBy(this.#world[kind].in(this.#home()), ({ home }) => home.locationId);
      return [...places.values()].some((entries) => entries.every(({ row }) => row['patientId'] === patientId));
    });
  }

  /** A visit that is made, and one that changes; with it the profile of its patient, since whoever was here may have a new one. */
  #visits(): void {
    const now = this.#world.clock();
    const start = new Date(Math.floor(now / 60_000) * 60_000 + this.#random.int(1, 20) * DAY).toISOString();
    const visit = this.#some('appointments');
    if (visit !== undefined)
      this.#world.appointments.add(
        this.#copy(visit, { startTime: start, endTime: start, status: 'SCHEDULED' }),
        visit.home,
      );
    const near = this.#some('appointments', ({ row }) => Date.parse(String(row['startTime'])) > now - 7 * DAY);
    if (near === undefined) return;
    this.#world.appointments.update(near.key, { note: this.#word() });
    const patient = this.#world.patients.find(Number(near.row['patientId']));
    const allergy =
      patient === undefined ? undefined : this.#some('allergies', ({ home }) => home.parentId === patient.key);
    if (allergy !== undefined) this.#world.allergies.update(allergy.key, { comment: this.#word() });
  }

  #money(): void {
    const world = this.#world;
    const open = this.#some('invoices', ({ row }) => row['status'] === 'OPEN' || row['status'] === 'VIEWED');
    if (open !== undefined) {
      world.invoices.update(open.key, { status: 'PAID', paidAt: this.#now() });
      const line = this.#some('lineItems', ({ home }) => home.parentId === open.key);
      if (line !== undefined) world.lineItems.update(line.key, { description: this.#word() });
    }
    const invoice = this.#some('invoices');
    if (invoice !== undefined) {
      world.invoices.add(this.#copy(invoice, { status: 'OPEN', lineItems: [], ...this.#made() }), invoice.home);
    }
    const asked = this.#some('paymentRequests', ({ row }) => row['status'] === 'PENDING');
    if (asked !== undefined) world.paymentRequests.update(asked.key, { status: 'PAID', paidAt: this.#now() });
  }

  /** A packet that is filled in. */
  #packets(): void {
    const packet = this.#some(
      'formPackets',
      ({ row }) => row['status'] === 'PENDING' || row['status'] === 'IN_PROGRESS',
    );
    if (packet === undefined) return;
    const forms = (packet.row['forms'] as Row[]).map((form) => ({
      ...form,
      isComplete: true,
      answers: (form['answers'] as Row[]).map((answer) => ({ ...answer, value: this.#word() })),
    }));
    this.#world.formPackets.update(packet.key, { status: 'COMPLETED', completedAt: this.#now(), forms });
  }

  /** A lab whose results come. */
  #labs(): void {
    const lab = this.#some('labs', ({ row }) => row['status'] === 'PROCESSING');
    if (lab === undefined) return;
    const model = this.#some('labs', ({ row }) => Array.isArray(row['testPanels']));
    const [panel] = (model?.row['testPanels'] ?? []) as Row[];
    if (panel === undefined) return;
    const components = (panel['components'] as Row[]).map((component) => ({ ...component, id: this.#id() }));
    this.#world.labs.update(lab.key, {
      status: 'COMPLETE',
      completedOn: this.#now(),
      testPanels: [{ ...panel, id: this.#random.chance(0.5) ? this.#id() : null, components }],
    });
  }

  #messages(): void {
    const waiting = this.#some('notifications', ({ row }) => row['emailStatus'] === 'PENDING');
    if (waiting !== undefined)
      this.#world.notifications.update(waiting.key, { emailStatus: 'SENT', emailSentAt: this.#now() });
    const model = this.#some('notifications');
    if (model !== undefined) this.#world.notifications.add(this.#copy(model, this.#made()), model.home);
  }

  /** A template with a new version, and an element of it with another label. */
  #templates(): void {
    const template = this.#some('formTemplates');
    if (template === undefined) return;
    this.#world.formTemplates.update(template.key, { version: Number(template.row['version']) + 1 });
    const element = this.#some('formElements', ({ home }) => home.parentId === template.key);
    if (element !== undefined) this.#world.formElements.update(element.key, { label: this.#word() });
  }

  /** Changes that no list shows the same night. */
  #hidden(): void {
    const old = this.#world.clock() - 40 * DAY;
    this.#slowly(() => {
      const visit = this.#some('appointments', ({ row }) => Date.parse(String(row['startTime'])) < old);
      if (visit !== undefined) this.#world.appointments.update(visit.key, { note: this.#word() });
      const paid = this.#some(
        'invoices',
        ({ row }) => row['status'] === 'PAID' && Date.parse(String(row['createdAt'])) < old,
      );
      if (paid !== undefined) this.#world.invoices.update(paid.key, { subscriptionId: this.#random.int(1, 900) });
      const problem = this.#some('problems');
      if (problem !== undefined) this.#world.problems.update(problem.key, { comment: this.#word() });
      const element = this.#some('formElements');
      if (element !== undefined)
        this.#world.formElements.update(element.key, { required: element.row['required'] !== true });
      const patient = this.#some('patients');
      if (patient !== undefined) this.#category(patient.key);
    });
  }

  #category(patientId: number): void {
    const category = this.#some('categories');
    if (category === undefined) return;
    const home = { ...this.#home(), parentId: patientId };
    const names = {
      categoryId: category.key,
      categoryName: category.row['name'],
      categoryColor: category.row['color'],
    };
    this.#world.patientCategories.addAt(
      patientId,
      { patientId, ...names, assignedAt: this.#now(), assignedBy: null },
      home,
    );
    const model = this.#some('transitions');
    if (model === undefined) return;
    this.#world.transitions.add(
      this.#copy(model, { patientId, toCategoryId: category.key, transitionedAt: this.#now() }),
      home,
    );
  }

  /** Notes every row that a change touches as not yet due. */
  #slowly(change: () => void, tables?: readonly string[]): void {
    const before = keysOf(truthOf(this.#world));
    change();
    const after = keysOf(truthOf(this.#world));
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(key) === after.get(key)) continue;
      if (tables === undefined || tables.includes(key.split(' ')[0] ?? '')) this.#notYetDue.add(key);
    }
  }

  #rename(kind: Kind, field: string): void {
    const entry = this.#some(kind);
    if (entry !== undefined) this.#world[kind].update(entry.key, { [field]: this.#word() });
  }

  #leave(kind: Kind): void {
    const entries = this.#world[kind].in(this.#home());
    if (entries.length > 3) this.#world[kind].delete(this.#random.pick(entries).key);
  }

  #some(kind: Kind, fits: (entry: Entry) => boolean = () => true): Entry | undefined {
    const entries = this.#world[kind].in(this.#home()).filter(fits);
    return entries.length === 0 ? undefined : this.#random.pick(entries);
  }

  #like(kind: Kind, changes: Row): Row {
    const model = this.#some(kind);
    if (model === undefined) throw new Error(`no ${kind} to make another one of`);
    return this.#copy(model, changes);
  }

  /** As another record, without its id. */
  #copy({ row: { id: _id, ...row } }: Entry, changes: Row): Row {
    return { ...row, ...changes };
  }

  #home(): { readonly accountId: number } {
    return { accountId: this.#accountId };
  }

  #now = (): string => new Date(Math.floor(this.#world.clock() / 1000) * 1000).toISOString();
  #made = (): Row => ({ createdAt: this.#now(), updatedAt: this.#now() });
  #id = (): number => this.#random.int(2 ** 41, 2 ** 50);
  #word(): string {
    this.#names += 1;
    return `Wort № ${this.#names}/${this.#random.int(1, 1e6)}`;
  }
}
