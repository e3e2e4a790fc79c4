import { type Kysely, sql } from 'kysely';

/** What an account consists of: places, people, services and settings. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
}

const TABLES = `
CREATE TABLE lobbie.locations (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  active boolean,
  store_id text,
  phone_number text,
  time_zone text,
  address jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.staff (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  first_name text,
  last_name text,
  email text,
  active boolean,
  is_practitioner boolean,
  credentials text,
  npi text,
  specialties jsonb,
  licenses jsonb,
  location_ids jsonb,
  role_group_ids jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.role_groups (
  id bigint NOT NULL,
  name text,
  description text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (id)
);

CREATE TABLE lobbie.appointment_types (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  instructions text,
  duration_minutes integer,
  telehealth boolean,
  color text,
  active boolean,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.categories (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  color text,
  active boolean,
  is_default boolean,
  patient_count integer,
  sort_order integer,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.crm_status_groups (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  active boolean,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.crm_statuses (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  group_id bigint,
  name text,
  description text,
  color text,
  "order" integer,
  is_terminal boolean,
  active boolean,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.remote_care_services (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  active boolean,
  appointment_type_id bigint,
  price_cents bigint,
  price_display text,
  sort_order integer,
  created_at timestamptz,
  updated_at timestamptz,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.remote_care_settings (
  account_id bigint NOT NULL,
  id bigint,
  location_id bigint NOT NULL,
  active boolean,
  default_staff_id bigint,
  self_scheduling_setting_ids jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, location_id)
);

CREATE TABLE lobbie.self_scheduling_settings (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  active boolean,
  appointment_type_ids jsonb,
  appointment_type_selectable boolean,
  appointment_type_visible boolean,
  fixed_appointment_type_id bigint,
  location_ids jsonb,
  location_selectable boolean,
  location_visible boolean,
  fixed_location_id bigint,
  practitioner_ids jsonb,
  forward_booking_limit integer,
  forward_booking_limit_active boolean,
  forward_booking_limit_unit text,
  afterward_booking_limit integer,
  afterward_booking_limit_active boolean,
  afterward_booking_limit_unit text,
  practitioner_selectable boolean,
  practitioner_visible boolean,
  verification_method text,
  scheduler_configs jsonb,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.webhook_endpoints (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  url text,
  name text,
  event_types jsonb,
  enabled boolean,
  last_delivery jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.webhook_event_types (
  account_id bigint NOT NULL,
  event_type text NOT NULL,
  description text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, event_type)
);
`;
