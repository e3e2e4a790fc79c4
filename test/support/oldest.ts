import { query } from './harness.ts';
import { DAY_MS } from './night.ts';

const LONG = ['appointments', 'form_packets', 'invoices', 'labs', 'notifications', 'payment_requests'];
const BELOW_PATIENTS = ['allergies', 'category_transitions', 'medications', 'patient_categories', 'problems'];

/** Days since what was checked longest ago was checked: lists below living parents, and whole readings of long lists. */
export async function oldest(url: string, now: Date): Promise<{ list: string; days: number }[]> {
  const parents: [resource: string, table: string][] = [
    ...BELOW_PATIENTS.map((resource): [string, string] => [resource, 'patients']),
    ['forms', 'form_packets'],
    ['invoice_line_items', 'invoices'],
    ['form_template_elements', 'form_templates'],
    ['form_template_attributes', 'form_templates'],
  ];
  const below = parents.map(
    ([resource, table]) =>
      `SELECT '${resource}' AS list, coalesce(min(c.checked_at), 'epoch') AS at FROM lobbie.${table} p
       LEFT JOIN lobbie_sync.checks c ON c.account_id = p.account_id AND c.resource = '${resource}' AND c.parent_id = p.id
       WHERE p._deleted_at IS NULL`,
  );
  const whole = `SELECT l.name || '@' || p.id, coalesce((SELECT max(s.started_at) FROM lobbie_sync.sweeps s WHERE s.resource = l.name
      AND s.location_id = p.id AND s.status = 'certified' AND s.whole), 'epoch')
    FROM unnest('{${LONG.join(',')}}'::text[]) AS l(name) CROSS JOIN lobbie.locations p`;
  const rows = await query<{ list: string; at: Date }>(url, [...below, whole].join(' UNION ALL '));
  return rows.map(({ list, at }) => ({ list, days: (now.getTime() - at.getTime()) / DAY_MS }));
}
