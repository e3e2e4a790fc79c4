import type pg from 'pg';
import { RESOURCES } from '../extractors/registry.ts';
import { identifier } from '../loaders/names.ts';

/** Rows of one table that refer to missing rows of another. */
export interface Orphans {
  readonly resource: string;
  readonly column: string;
  readonly refersTo: string;
  readonly rows: number;
}

/** Columns that refer to another table, by their name. */
const REFERENCES: Readonly<Record<string, string>> = {
  patient_id: 'patients',
  location_id: 'locations',
  appointment_id: 'appointments',
  appointment_type_id: 'appointment_types',
  practitioner_id: 'staff',
  category_id: 'categories',
  invoice_id: 'invoices',
  lab_id: 'labs',
  form_packet_id: 'form_packets',
  form_template_id: 'form_templates',
  form_id: 'forms',
  notification_group_id: 'notification_groups',
};

/**
 * Counts rows that refer to missing or deleted rows. Such a row is no gap by itself, because Lobbie keeps the visits of a patient who
 * left. A number that suddenly grows, however, shows that something was not read.
 */
export async function countOrphans(
  pool: pg.Pool,
  accounts: readonly string[],
  resources: readonly string[],
): Promise<readonly Orphans[]> {
  const found: Orphans[] = [];
  for (const resource of RESOURCES) {
    if (resource.scope === 'global' || !resources.includes(resource.name)) continue;
    for (const { name } of resource.columns) {
      const target = REFERENCES[name];
      if (target === undefined || target === resource.name) continue;
      const { rows } = await pool.query<{ rows: number }>(
        `SELECT count(*)::int AS rows FROM lobbie.${identifier(resource.name)} t
         WHERE t.account_id = ANY($1::bigint[]) AND t._deleted_at IS NULL AND t.${identifier(name)} IS NOT NULL
           AND NOT EXISTS (SELECT FROM lobbie.${identifier(target)} r
             WHERE r.account_id = t.account_id AND r.id = t.${identifier(name)} AND r._deleted_at IS NULL)`,
        [accounts],
      );
      if ((rows[0]?.rows ?? 0) > 0) {
        found.push({ resource: resource.name, column: name, refersTo: target, rows: rows[0]?.rows ?? 0 });
      }
    }
  }
  return found;
}
