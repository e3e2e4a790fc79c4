import type { Row } from '../data/types.ts';
import { mix, permille, pick } from '../random.ts';
import { type AccountContext, kindSeed, type Template } from './context.ts';
import { smallIds, stamps } from './small.ts';

const FIELDS: readonly (readonly [label: string, fieldType: string, attribute: string | null])[] = [
  ['First Name', 'TEXT', 'patient_first_name'],
  ['Last Name', 'TEXT', 'patient_last_name'],
  ['Date of Birth', 'DATE', 'patient_date_of_birth'],
  ['E-mail', 'EMAIL', 'patient_email'],
  ['Mobile phone', 'PHONE', 'patient_mobile'],
  ['Home address', 'ADDRESS', 'patient_address'],
  ['Reason for visit', 'TEXTAREA', 'visit_reason'],
  ['Do you smoke?', 'RADIO', 'smoker'],
  ['Symptoms (check all that apply)', 'CHECKBOX', 'symptoms'],
  ['Preferred pharmacy', 'SELECT', 'pharmacy'],
  ['Current medications', 'TEXTAREA', null],
  ['Height (in)', 'TEXT', 'height_inches'],
  ['Weight (lb)', 'TEXT', 'weight_pounds'],
  ['Emergency contact', 'TEXT', null],
  ['Insurance card (front)', 'FILE', 'insurance_card_front'],
  ['I agree to treatment', 'CHECKBOX', 'consent'],
  ['Initials', 'INITIALS', null],
  ['Signature', 'SIGNATURE', 'signature'],
  ['Where does it hurt?', 'BODY_DIAGRAM', null],
  ['Copay', 'PAYMENT', null],
  ['How did you hear about us?', 'SELECT', 'referral_source'],
  ['Pain level (0–10)', 'RADIO', 'pain_level'],
  ['Last menstrual period', 'DATE', null],
  ['Anything else we should know? – ¿Algo más?', 'TEXTAREA', null],
  ['Alcohol per week', 'SELECT', 'alcohol'],
];

const NAMES = [
  'Patient Intake Form',
  'HIPAA Consent',
  'Medical History',
  'Weight Management Questionnaire',
  'Financial Policy',
  'PHQ-9',
  'GAD-7',
];
const CHOICES = ['Yes', 'No', 'Sometimes', 'Prefer not to say', 'Other / see "notes"'];

/** Form templates of an account with 5 to 25 elements each. */
export function makeTemplates(context: AccountContext, typeIds: readonly number[], count = 50): Template[] {
  const ids = smallIds(context, 'templates');
  const elementIds = smallIds(context, 'elements');
  return Array.from({ length: count }, (_, i) => {
    const s = mix(kindSeed(context, 'templates'), i);
    const id = ids.of(i);
    const size = 5 + (mix(s, 1) % 21);
    const offset = i % 3 === 0 ? 0 : mix(s, 2) % FIELDS.length;
    const elements = Array.from({ length: size }, (_element, n) => {
      const [label, fieldType, attributeName] = FIELDS[(offset + n) % FIELDS.length] as (typeof FIELDS)[number];
      const choice = ['RADIO', 'CHECKBOX', 'SELECT'].includes(fieldType);
      return {
        id: elementIds.of(i * 25 + n),
        formTemplateId: id,
        label,
        fieldType,
        required: permille(mix(s, 20 + n), 500),
        sortOrder: n + 1,
        attributeName,
        options: choice ? CHOICES.map((name, at) => ({ label: name, value: `opt_${String(at + 1)}` })) : null,
        visibility: permille(mix(s, 60 + n), 100) ? 'STAFF' : 'BOTH',
        editableBy: permille(mix(s, 90 + n), 100) ? 'STAFF' : 'BOTH',
      };
    });
    const row = {
      id,
      name: `${pick(NAMES, i)}${i < NAMES.length ? '' : ` ${String(Math.floor(i / NAMES.length) + 1)}`}`,
      description: permille(mix(s, 3), 300) ? null : pick(context.pools.sentences, mix(s, 4)),
      version: 1 + (mix(s, 5) % 6),
      active: true,
      staffOnly: permille(mix(s, 6), 150),
      appointmentTypeIds: typeIds.filter((_id, t) => permille(mix(s, 200 + t), 120)),
      ...stamps(context, mix(s, 7)),
    };
    return { row, elements };
  });
}

/** The attributes of a template: its mapped elements; a few have no id of their own. */
export function makeAttributes(
  context: AccountContext,
  templates: readonly Template[],
): { parent: number; row: Row }[] {
  const ids = smallIds(context, 'attributes');
  return templates.flatMap((template, i) =>
    template.elements
      .filter((element) => element['attributeName'] !== null)
      .map((element, n) => ({
        parent: template.row['id'] as number,
        row: {
          id: i % 10 === 9 ? null : ids.of(i * 25 + n),
          name: element['attributeName'],
          formElementId: element['id'],
          label: element['label'],
          fieldType: element['fieldType'],
        },
      })),
  );
}

/** Bundles of templates. */
export function makeTemplateGroups(context: AccountContext, templates: readonly Template[]): Row[] {
  const ids = smallIds(context, 'templateGroups');
  return ['New Patient Packet', 'Annual Update', 'Telehealth Consents', 'Weight Management', 'Retired bundle'].map(
    (name, i) => ({
      id: ids.of(i),
      name,
      description: i === 3 ? null : `${name}: forms sent together`,
      active: i !== 4,
      formTemplateIds: templates.slice(i * 4, i * 4 + 2 + (i % 3)).map((template) => template.row['id']),
      ...stamps(context, mix(kindSeed(context, 'templateGroups'), i)),
    }),
  );
}
