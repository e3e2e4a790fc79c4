/** A question that people ask of their clinic, and the SQL that answers it. Counts and measures only, no persons. */
export interface Question {
  readonly title: string;
  readonly sql: string;
}

export const QUESTIONS: readonly Question[] = [
  {
    title: 'How did visits end, month by month?',
    sql: `SELECT to_char(date_trunc('month', start_time), 'YYYY-MM') AS month,
  count(*) AS visits,
  count(*) FILTER (WHERE status = 'CHECKED_OUT') AS completed,
  count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
  count(*) FILTER (WHERE status = 'NO_SHOW') AS no_show,
  count(*) FILTER (WHERE status IN ('SCHEDULED', 'CONFIRMED')) AS planned
FROM lobbie.appointments
WHERE start_time IS NOT NULL AND _deleted_at IS NULL
GROUP BY 1 ORDER BY 1 DESC LIMIT 6`,
  },
  {
    title: 'Where do patients stay away?',
    sql: `SELECT l.account_id AS account, l.name AS location,
  count(*) FILTER (WHERE a.status IN ('CHECKED_OUT', 'NO_SHOW')) AS due,
  count(*) FILTER (WHERE a.status = 'NO_SHOW') AS no_show,
  round(100.0 * count(*) FILTER (WHERE a.status = 'NO_SHOW')
    / nullif(count(*) FILTER (WHERE a.status IN ('CHECKED_OUT', 'NO_SHOW')), 0), 1) AS no_show_percent
FROM lobbie.appointments a JOIN lobbie.locations l ON (l.account_id, l.id) = (a.account_id, a.location_id)
WHERE a._deleted_at IS NULL
GROUP BY 1, 2 ORDER BY no_show_percent DESC NULLS LAST`,
  },
  {
    title: 'What was invoiced, and what was paid?',
    sql: `SELECT to_char(date_trunc('month', created_at), 'YYYY-MM') AS month,
  count(*) AS invoices,
  sum(total_amount) AS invoiced,
  sum(paid_amount) AS paid,
  round(100 * sum(paid_amount) / nullif(sum(total_amount), 0), 1) AS paid_percent
FROM lobbie.invoices
WHERE created_at IS NOT NULL AND status NOT IN ('DRAFT', 'VOID') AND _deleted_at IS NULL
GROUP BY 1 ORDER BY 1 DESC LIMIT 6`,
  },
  {
    title: 'How many days pass until an invoice is paid?',
    sql: `SELECT l.account_id AS account, l.name AS location,
  count(*) AS paid_invoices,
  round(avg(extract(epoch FROM i.paid_at - i.created_at) / 86400), 1) AS average_days,
  round((percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM i.paid_at - i.created_at) / 86400))::numeric, 1)
    AS nine_in_ten_within_days
FROM lobbie.invoices i JOIN lobbie.locations l ON (l.account_id, l.id) = (i.account_id, i.location_id)
WHERE i.paid_at IS NOT NULL AND i.created_at IS NOT NULL AND i._deleted_at IS NULL
GROUP BY 1, 2 ORDER BY average_days DESC`,
  },
  {
    title: 'Which lab tests come back out of range?',
    sql: `SELECT name AS test,
  count(*) AS results,
  count(*) FILTER (WHERE abnormal_flag = 'BELOW_NORMAL') AS below,
  count(*) FILTER (WHERE abnormal_flag = 'ABOVE_NORMAL') AS above,
  round(100.0 * count(*) FILTER (WHERE abnormal_flag IN ('BELOW_NORMAL', 'ABOVE_NORMAL')) / count(*), 1) AS out_of_range_percent
FROM lobbie.lab_test_components
WHERE abnormal_flag IS NOT NULL AND _deleted_at IS NULL
GROUP BY 1 ORDER BY out_of_range_percent DESC, results DESC LIMIT 8`,
  },
  {
    title: 'Do messages arrive?',
    sql: `SELECT channel, count(*) AS messages,
  count(*) FILTER (WHERE status = 'DELIVERED') AS delivered,
  count(*) FILTER (WHERE status = 'FAILED') AS failed,
  round(100.0 * count(*) FILTER (WHERE status = 'DELIVERED') / count(*), 1) AS delivered_percent
FROM (SELECT 'e-mail' AS channel, email_status AS status FROM lobbie.notifications WHERE _deleted_at IS NULL
  UNION ALL SELECT 'text message', sms_status FROM lobbie.notifications WHERE _deleted_at IS NULL) AS sent
WHERE status IN ('DELIVERED', 'SENT', 'FAILED')
GROUP BY 1 ORDER BY 1`,
  },
];
