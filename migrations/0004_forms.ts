import { type Kysely, sql } from 'kysely';

/** Form designs, packets, forms and answers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
}

const TABLES = `
CREATE TABLE lobbie.form_template_groups (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  active boolean,
  form_template_ids jsonb,
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

CREATE TABLE lobbie.form_templates (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  version integer,
  active boolean,
  staff_only boolean,
  appointment_type_ids jsonb,
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

CREATE TABLE lobbie.form_template_elements (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  form_template_id bigint,
  label text,
  field_type text,
  "required" boolean,
  sort_order integer,
  attribute_name text,
  options jsonb,
  visibility text,
  editable_by text,
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

CREATE TABLE lobbie.form_template_attributes (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  form_element_id bigint,
  label text,
  field_type text,
  location_id bigint,
  form_template_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.form_packets (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  location_name text,
  status text,
  form_template_ids jsonb,
  forms jsonb,
  is_active boolean,
  is_archived boolean,
  due_date timestamptz,
  completed_at timestamptz,
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

CREATE TABLE lobbie.forms (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  form_template_id bigint,
  form_template_name text,
  is_complete boolean,
  status text,
  completion_percentage integer,
  answers jsonb,
  mapped_answers jsonb,
  location_id bigint,
  form_packet_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.form_answers (
  account_id bigint NOT NULL,
  form_element_id bigint NOT NULL,
  label text,
  field_type text,
  attribute_name text,
  "value" text,
  selected_options jsonb,
  location_id bigint,
  form_id bigint NOT NULL,
  form_packet_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, form_id, form_element_id)
);

-- The parents of a location are walked in this order.
CREATE INDEX form_templates_by_location ON lobbie.form_templates (account_id, location_id, id);
-- The parents of a location are walked in this order.
CREATE INDEX form_packets_by_location ON lobbie.form_packets (account_id, location_id, id);
`;
