import type { Table } from '../data/table.ts';
import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { DAY } from '../time.ts';
import { LONG_AGO, skewed } from './appointments.ts';
import { bigIds, bigTable } from './bigs.ts';
import { type AccountContext, type Catalogues, ID_BASE, kindSeed, type Template } from './context.ts';
import type { PatientFacts } from './patients.ts';

/** Form packets and the forms of a packet with their answers. */
export interface PacketFacts {
  table: Table;
  /** Forms of a packet; `answers` adds answers and mapped answers. */
  formsOf(i: number, answers: boolean): Row[];
  /** Values given by prefilling, by row index and attribute name. */
  prefilled: Map<number, Record<string, string>>;
}

/** Types of answers are fewer than types of elements. */
const ANSWER_TYPE: Record<string, string> = {
  PHONE: 'TEXT',
  EMAIL: 'TEXT',
  ADDRESS: 'TEXT',
  INITIALS: 'SIGNATURE',
  BODY_DIAGRAM: 'FILE',
};

/** The form packets of an account. */
export function makePackets(context: AccountContext, small: Catalogues, patients: PatientFacts): PacketFacts {
  const { clock, layout, locations, pools } = context;
  const seed = kindSeed(context, 'formPackets');
  const ids = bigIds(context, 'formPackets');
  const seedOf = (i: number): number => mix(seed, i + 1);
  const base = (i: number): boolean => i < table.spec.count;
  const patientOf = (i: number): number => skewed(mix(seedOf(i), 1), context.patients);
  const createdOf = (i: number): number =>
    base(i) && mix(seedOf(i), 2) % 1500 === 3 ? LONG_AGO + (i % 50) * DAY : table.createdOf(i);
  const prefilled = new Map<number, Record<string, string>>();
  const templateById = new Map(small.templates.map((template) => [template.row['id'] as number, template]));
  const statusOf = (i: number): string => {
    const h = mix(seedOf(i), 3) % 1000;
    const age = table.asOf(i) - createdOf(i);
    if (age === 0) return 'PENDING';
    if (age < 14 * DAY) return h < 400 ? 'PENDING' : h < 550 ? 'IN_PROGRESS' : 'COMPLETED';
    return h < 780 ? 'COMPLETED' : h < 870 ? 'ARCHIVED' : h < 950 ? 'PENDING' : 'IN_PROGRESS';
  };
  const templatesOf = (i: number): Template[] => {
    const patched = table.patchOf(i)?.['formTemplateIds'] as number[] | undefined;
    if (patched !== undefined) return patched.map((id) => templateById.get(id) as Template);
    const s = seedOf(i);
    const first = mix(s, 4) % small.templates.length;
    const size = Math.min(1 + (mix(s, 5) % 4), small.templates.length);
    return Array.from(
      { length: size },
      (_, n) => small.templates[(first + n * 3) % small.templates.length] as Template,
    );
  };

  const answerOf = (element: Row, s: number, i: number): Row => {
    const fieldType = String(element['fieldType']);
    const options = (element['options'] as { value: string; label: string }[] | null) ?? [];
    const answer = {
      formElementId: element['id'],
      label: element['label'],
      fieldType: ANSWER_TYPE[fieldType] ?? fieldType,
      attributeName: element['attributeName'],
    };
    const [first = '', ...last] = patients.nameOf(patientOf(i)).split(' ');
    const known: Record<string, string | null> = {
      patient_first_name: first,
      patient_last_name: last.join(' '),
      patient_email: patients.emailOf(patientOf(i)),
      height_inches: String(58 + (s % 20)),
      weight_pounds: String(110 + (s % 160)),
    };
    const name = element['attributeName'] as string | null;
    if (fieldType === 'CHECKBOX')
      return {
        ...answer,
        value: null,
        selectedOptions: options.filter((_o, n) => (s >> n) % 2 === 1).map((o) => o.label),
      };
    if (options.length > 0) return { ...answer, value: pick(options, s).label, selectedOptions: [] };
    if (fieldType === 'DATE') return { ...answer, value: clock.date(15_000 + (s % 5000)), selectedOptions: [] };
    if (['SIGNATURE', 'FILE'].includes(answer.fieldType))
      return { ...answer, value: `uploads/${String(ids.of(i))}/${s.toString(36)}.png`, selectedOptions: [] };
    const text = permille(s, 60) ? null : pick(pools.sentences, s);
    return { ...answer, value: name !== null && name in known ? (known[name] ?? null) : text, selectedOptions: [] };
  };

  const answersOf = (i: number, n: number, elements: Row[], share: number): Row[] => {
    const values = prefilled.get(i) ?? {};
    return elements
      .filter((element) => element['fieldType'] !== 'PAYMENT')
      .flatMap((element, e) => {
        const given = values[String(element['attributeName'])];
        if (e >= share * elements.length && given === undefined) return [];
        const answer = answerOf(element, mix(seedOf(i), 500 + n * 30 + e), i);
        return [given === undefined ? answer : { ...answer, value: given, selectedOptions: [] }];
      });
  };

  const formsOf = (i: number, answers: boolean): Row[] => {
    const status = String(table.patchOf(i)?.['status'] ?? statusOf(i));
    const templates = templatesOf(i);
    return templates.map((template, n) => {
      const complete = status === 'COMPLETED' || (status === 'ARCHIVED' && permille(mix(seedOf(i), 6), 700));
      const started = status === 'IN_PROGRESS' && n <= templates.length / 2;
      const share = complete ? 1 : started ? 0.5 : 0;
      const form: Row = {
        id: ID_BASE.forms + (i * context.accounts + context.ordinal) * 8 + n,
        formTemplateId: template.row['id'],
        formTemplateName: template.row['name'],
        isComplete: complete,
        status: complete ? 'COMPLETED' : started ? 'IN_PROGRESS' : 'PENDING',
        completionPercentage: share * 100,
      };
      if (!answers) return form;
      const given = answersOf(i, n, template.elements, share);
      const mapped = given.filter((answer) => answer['attributeName'] !== null);
      form['answers'] = given;
      form['mappedAnswers'] = Object.fromEntries(
        mapped.map((answer) => [
          answer['attributeName'],
          (answer['selectedOptions'] as string[]).length > 0
            ? (answer['selectedOptions'] as string[]).join(', ')
            : answer['value'],
        ]),
      );
      return form;
    });
  };

  const generate = (i: number): Row => {
    const s = seedOf(i);
    const created = createdOf(i);
    const status = statusOf(i);
    const place = locations[layout.locationOf(i)] as (typeof locations)[number];
    const finished = Math.min(created + (mix(s, 7) % (9 * DAY)), table.asOf(i));
    const done = status === 'COMPLETED';
    return {
      id: ids.of(i),
      patientId: patients.idOf(patientOf(i)),
      patientName: patients.nameOf(patientOf(i)),
      locationId: place.id,
      locationName: place.name,
      status,
      formTemplateIds: templatesOf(i).map((template) => template.row['id']),
      forms: formsOf(i, false),
      isActive: status !== 'ARCHIVED',
      isArchived: status === 'ARCHIVED',
      dueDate: permille(mix(s, 8), 200) ? null : clock.local(created + 5 * DAY - (created % 3600), place.zone),
      completedAt: done ? clock.local(finished, place.zone) : null,
      createdAt: times.createdAt(i) === null ? null : clock.utc(created),
      updatedAt: clock.utc(done ? finished : status === 'PENDING' ? created : Math.min(created + DAY, table.asOf(i))),
    };
  };
  const times = { createdAt: (i: number) => (base(i) && mix(seedOf(i), 9) % 500 === 0 ? null : createdOf(i)) };
  const table: Table = bigTable(context, patients, {
    kind: 'formPackets',
    resource: 'form_packets',
    count: context.patients * 3,
    generate,
    times,
    quick: { status: statusOf },
    patientOf,
  });
  return { table, formsOf, prefilled };
}
