/** ICD-10-CM codes with names and a SNOMED-like reference. */
export const PROBLEMS: readonly (readonly [code: string, name: string, reference: string])[] = [
  ['E11.9', 'Type 2 diabetes mellitus without complications', '44054006'],
  ['I10', 'Essential (primary) hypertension', '59621000'],
  ['E78.5', 'Hyperlipidemia, unspecified', '55822004'],
  ['E66.9', 'Obesity, unspecified', '414916001'],
  ['E03.9', 'Hypothyroidism, unspecified', '40930008'],
  ['F41.1', 'Generalized anxiety disorder', '21897009'],
  ['F32.A', 'Depression, unspecified', '35489007'],
  ['J45.909', 'Unspecified asthma, uncomplicated', '195967001'],
  ['K21.9', 'Gastro-esophageal reflux disease without esophagitis', '235595009'],
  ['M54.50', 'Low back pain, unspecified', '279039007'],
  ['G43.909', 'Migraine, unspecified, not intractable', '37796009'],
  ['E55.9', 'Vitamin D deficiency, unspecified', '34713006'],
  ['D50.9', 'Iron deficiency anemia, unspecified', '87522002'],
  ['N95.1', 'Menopausal and female climacteric states', '161712005'],
  ['E29.1', 'Testicular hypofunction', '48130008'],
  ['G47.33', 'Obstructive sleep apnea (adult) (pediatric)', '78275009'],
  ['L70.0', 'Acne vulgaris', '88616000'],
  ['M17.11', 'Unilateral primary osteoarthritis, right knee', '239873007'],
  ['N18.31', 'Chronic kidney disease, stage 3a', '700378005'],
  ['R73.03', 'Prediabetes', '714628002'],
];

/** Drug, dosage, instructions, RxNorm reference. */
export const MEDICATIONS: readonly (readonly [
  name: string,
  dosage: string,
  instructions: string,
  reference: string,
])[] = [
  ['Metformin', '500 mg', 'Take one tablet twice daily with meals', '860975'],
  ['Lisinopril', '10 mg', 'Take one tablet by mouth daily', '314076'],
  ['Atorvastatin', '20 mg', 'Take one tablet at bedtime', '617310'],
  ['Levothyroxine', '50 mcg', 'Take on an empty stomach, 30 min before breakfast', '966224'],
  ['Sertraline', '50 mg', 'Take one tablet every morning', '312941'],
  ['Semaglutide', '0.5 mg/dose', 'Inject 0.5 mg under the skin once weekly', '1991306'],
  ['Albuterol', '90 mcg/actuation', '2 puffs every 4–6 hours as needed', '745679'],
  ['Omeprazole', '20 mg', 'One capsule daily before a meal', '402014'],
  ['Amlodipine', '5 mg', 'Take one tablet daily', '197361'],
  ['Losartan', '50 mg', 'Take one tablet daily', '979485'],
  ['Testosterone cypionate', '200 mg/mL', 'Inject 0.5 mL into the muscle every 14 days', '1596450'],
  ['Estradiol patch', '0.05 mg/24 h', 'Apply one patch twice weekly', '242892'],
  ['Cholecalciferol', '2,000 IU', 'One capsule daily', '316964'],
  ['Ferrous sulfate', '325 mg (65 mg iron)', 'One tablet every other day', '310325'],
  ['Sumatriptan', '100 mg', 'One tablet at onset; may repeat once after 2 h', '313165'],
];

/** Allergen, usual reaction, SNOMED reference. */
export const ALLERGIES: readonly (readonly [name: string, reaction: string, reference: string])[] = [
  ['Penicillin', 'Hives', '91936005'],
  ['Peanut', 'Anaphylaxis', '91935009'],
  ['Latex', 'Contact dermatitis', '300916003'],
  ['Sulfonamides', 'Rash', '91939003'],
  ['Shellfish', 'Swelling of lips', '300913006'],
  ['Bee venom', 'Anaphylaxis', '424213003'],
  ['Codeine', 'Nausea', '294505008'],
  ['Ibuprofen', 'Wheezing', '293619005'],
  ['Egg', 'Eczema', '91930004'],
  ['Cat dander', 'Sneezing', '232346004'],
];

/** One measurable value: name, vendor id, unit, low, high, decimals, text range. */
export interface TestDefinition {
  name: string;
  externalId: string;
  unit: string | null;
  low: number | null;
  high: number | null;
  decimals: number;
  text: string | null;
}

function test(
  name: string,
  externalId: string,
  unit: string | null,
  low: number | null,
  high: number | null,
  decimals = 0,
  text: string | null = null,
): TestDefinition {
  return { name, externalId, unit, low, high, decimals, text };
}

/** Lab panels with their components. */
export const PANELS: readonly { name: string; tests: readonly TestDefinition[] }[] = [
  {
    name: 'Comprehensive Metabolic Panel',
    tests: [
      test('Glucose', 'GLU', 'mg/dL', 70, 99),
      test('Urea nitrogen', 'BUN', 'mg/dL', 6, 24),
      test('Creatinine', 'CREA', 'mg/dL', 0.57, 1.27, 2),
      test('Sodium', 'NA', 'mmol/L', 134, 144),
      test('Potassium', 'K', 'mmol/L', 3.5, 5.2, 1),
      test('Calcium', 'CA', 'mg/dL', 8.7, 10.2, 1),
      test('ALT (SGPT)', 'ALT', 'IU/L', 0, 44),
    ],
  },
  {
    name: 'Lipid Panel',
    tests: [
      test('Cholesterol, total', 'CHOL', 'mg/dL', 100, 199),
      test('Triglycerides', 'TRIG', 'mg/dL', 0, 149),
      test('HDL cholesterol', 'HDL', 'mg/dL', 40, null, 0, '>39'),
      test('LDL cholesterol', 'LDL', 'mg/dL', null, 99, 0, '<100'),
    ],
  },
  {
    name: 'Complete Blood Count',
    tests: [
      test('White blood cells', 'WBC', 'x10E3/µL', 3.4, 10.8, 1),
      test('Red blood cells', 'RBC', 'x10E6/µL', 3.77, 5.28, 2),
      test('Hemoglobin', 'HGB', 'g/dL', 11.1, 15.9, 1),
      test('Hematocrit', 'HCT', '%', 34, 46.6, 1),
      test('Platelets', 'PLT', 'x10E3/µL', 150, 450),
    ],
  },
  {
    name: 'Thyroid Panel',
    tests: [
      test('TSH', 'TSH', 'µIU/mL', 0.45, 4.5, 3),
      test('T4, free', 'FT4', 'ng/dL', 0.82, 1.77, 2),
      test('Thyroid peroxidase antibody', 'TPO', 'IU/mL', 0, 34),
    ],
  },
  {
    name: 'Diabetes Monitoring',
    tests: [
      test('Hemoglobin A1c', 'A1C', '%', 4.8, 5.6, 1),
      test('Microalbumin, urine', 'UALB', 'µg/mL', null, null, 0, 'Not estab.'),
    ],
  },
  {
    name: 'Infectious Disease Screen',
    tests: [
      test('SARS-CoV-2 RNA', 'COVID', null, null, null, 0, 'Not detected'),
      test('HIV 1/2 antigen/antibody', 'HIV', null, null, null, 0, 'Non-reactive'),
    ],
  },
];

/** Billable services and goods: name, embedded type, CPT or HCPCS code, price in cents, taxable. */
export const CARE_RESOURCES: readonly (readonly [
  name: string,
  type: 'SERVICE' | 'PRODUCT' | 'EQUIPMENT' | 'OTHER',
  code: string | null,
  cents: number,
  taxable: boolean,
])[] = [
  ['Office Visit - New Patient', 'SERVICE', '99203', 15000, false],
  ['Office Visit - Established', 'SERVICE', '99213', 9900, false],
  ['Telehealth Visit', 'SERVICE', '99441', 7950, false],
  ['Annual Physical', 'SERVICE', '99395', 21025, false],
  ['Venipuncture', 'SERVICE', '36415', 1750, false],
  ['Injection, therapeutic', 'SERVICE', '96372', 3533, false],
  ['Vitamin B12, 1 mL', 'PRODUCT', 'J3420', 2599, true],
  ['Protein supplement', 'PRODUCT', null, 4499, true],
  ['Blood pressure monitor', 'EQUIPMENT', 'A4670', 5995, true],
  ['Body composition scale', 'EQUIPMENT', null, 12900, true],
  ['Late cancellation fee', 'OTHER', null, 5000, false],
  ['Membership adjustment', 'OTHER', null, 1999, false],
];
