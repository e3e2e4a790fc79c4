import { type Kysely, sql } from 'kysely';

/** What the daemon knows of its nights and of the alerts it sent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEDULE).execute(db);
}

const SCHEDULE = `
CREATE TABLE lobbie_sync.schedule (
  job text NOT NULL,
  due_at timestamptz NOT NULL,
  status text NOT NULL CHECK (status IN
    ('first_start', 'running', 'waiting', 'succeeded', 'partial', 'incomplete', 'failed', 'skipped')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  run_id bigint,
  holder text,
  exit_code smallint,
  message text,
  PRIMARY KEY (job, due_at)
);
CREATE INDEX schedule_open ON lobbie_sync.schedule (job) WHERE status IN ('running', 'waiting');
COMMENT ON TABLE lobbie_sync.schedule IS 'Every instant at which a job of the daemon was due, and what became of it; the key lets one process do it, once.';
COMMENT ON COLUMN lobbie_sync.schedule.status IS 'waiting: to be tried again at next_attempt_at. skipped: not done, for the reason in message. first_start: nothing before it counts as missed.';
COMMENT ON COLUMN lobbie_sync.schedule.holder IS 'Who does it: host, process and a random part. While it is running its process also holds the advisory lock of the job.';

CREATE TABLE lobbie_sync.alert_state (
  key text PRIMARY KEY,
  state text NOT NULL,
  since timestamptz NOT NULL,
  last_sent timestamptz,
  message text NOT NULL DEFAULT '',
  run_id bigint
);
COMMENT ON TABLE lobbie_sync.alert_state IS 'What was last told of each condition, so that it is told once. last_sent is null while nobody could be told.';
`;
