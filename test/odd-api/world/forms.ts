import type { AccountParts } from './account.ts';
import type { Builder } from './builder.ts';
import { personName } from './builder.ts';
import type { Row } from './collection.ts';
import { NOTES } from './names.ts';

const FIELD_TYPES = ['TEXT', 'TEXTAREA', 'SELECT', 'CHECKBOX', 'RADIO', 'DATE', 'SIGNATURE', 'FILE'] as const;

/** Templates with elements and attributes, and a group of them, of one location; answers the templates' ids. */
export function addTemplates(builder: Builder, parts: AccountParts, locationId: number): number[] {
  const { world, random, stamps } = builder;
  const home = { accountId: parts.accountId, locationId };
  const templateIds = ['Intake', 'Consent'].map((name, index) => {
    const id = world.formTemplates.add(
      {
        name: `${name} ${locationId}`,
        description: random.maybe(random.pick(NOTES)),
        version: random.int(1, 9),
        active: true,
        staffOnly: index === 1 && random.chance(0.5),
        appointmentTypeIds: random.maybe([random.pick(parts.typeIds)]),
        ...stamps(),
      },
      home,
    );
    addElements(builder, id, { ...home, parentId: id });
    return id;
  });
  world.formTemplateGroups.add(
    { name: 'Newcomers', description: null, active: true, formTemplateIds: templateIds, ...stamps() },
    home,
  );
  return templateIds;
}

function addElements({ world, random }: Builder, formTemplateId: number, home: Row): void {
  // Attributes of every second template have no id, as the contract allows.
  const withIds = formTemplateId % 2 === 0;
  for (const [index, fieldType] of FIELD_TYPES.slice(0, random.int(3, FIELD_TYPES.length)).entries()) {
    const attributeName = index < 3 ? `attr_${index}` : null;
    const elementId = world.formElements.add(
      {
        formTemplateId,
        label: `Question №${index + 1}`,
        fieldType,
        required: random.chance(0.5),
        sortOrder: index * 5,
        attributeName,
        options: fieldType === 'SELECT' ? [{ label: 'Yes & no', value: 'y<n' }] : null,
        visibility: random.pick(['PATIENT', 'STAFF', 'BOTH']),
        editableBy: 'BOTH',
      },
      home,
    );
    if (attributeName === null) continue;
    const key = world.formAttributes.add(
      { name: attributeName, formElementId: elementId, label: `Question №${index + 1}`, fieldType },
      home,
    );
    if (withIds) world.formAttributes.update(key, { id: key });
  }
}

/** A packet of forms for a patient, with the answers given so far. */
export function addPacket(
  { world, random, at, stamps }: Builder,
  parts: AccountParts,
  locationId: number,
  patientId: number,
  templateIds: readonly number[],
): void {
  const status = random.pick(['PENDING', 'IN_PROGRESS', 'COMPLETED', 'ARCHIVED']);
  const done = status === 'COMPLETED';
  const forms = templateIds.map((formTemplateId) => {
    const elements = world.formElements.in({ parentId: formTemplateId }).map((entry) => entry.row);
    const answers = elements.slice(0, done ? elements.length : random.int(0, elements.length)).map((element) => ({
      formElementId: element['id'],
      label: element['label'],
      fieldType: element['fieldType'],
      attributeName: element['attributeName'],
      value: random.maybe(random.pick(NOTES)),
      selectedOptions: element['fieldType'] === 'SELECT' ? ['y<n'] : [],
    }));
    const mapped = answers.flatMap(({ attributeName, value }) => (attributeName ? [[attributeName, value]] : []));
    return {
      id: random.int(1, 2 ** 40),
      formTemplateId,
      formTemplateName: world.formTemplates.get(formTemplateId)['name'],
      isComplete: done,
      status: done ? 'COMPLETED' : 'PENDING',
      completionPercentage: Math.floor((100 * answers.length) / elements.length),
      answers,
      mappedAnswers: Object.fromEntries(mapped),
    };
  });
  world.formPackets.add(
    {
      patientId,
      patientName: personName(world.patients.get(patientId)),
      locationId,
      locationName: world.locations.get(locationId)['name'],
      status,
      formTemplateIds: [...templateIds],
      forms,
      isActive: status !== 'ARCHIVED',
      isArchived: status === 'ARCHIVED',
      dueDate: random.maybe(at(-60, 60)),
      completedAt: done ? at(-2, 0) : null,
      ...stamps(-120),
    },
    { accountId: parts.accountId, locationId },
  );
}
