/** `firstName` → `first_name`, `icd10Code` → `icd10_code`, `address1` → `address1`, `patientID` → `patient_id`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
