import { type Kysely, sql } from 'kysely';

/** Patients, their health profile and their visits. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
}

const TABLES = `
CREATE TABLE lobbie.patients (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  first_name text,
  last_name text,
  date_of_birth date,
  email text,
  mobile_phone text,
  gender text,
  home_address jsonb,
  mailing_address jsonb,
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

CREATE TABLE lobbie.patient_categories (
  account_id bigint NOT NULL,
  patient_id bigint NOT NULL,
  category_id bigint,
  category_name text,
  category_color text,
  assigned_at timestamptz,
  assigned_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, patient_id)
);

CREATE TABLE lobbie.category_transitions (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  from_category_id bigint,
  from_category_name text,
  to_category_id bigint,
  to_category_name text,
  "trigger" text,
  reason text,
  changed_by text,
  transitioned_at timestamptz,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.allergies (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  allergy text,
  main_reaction text,
  severity text,
  status text,
  active boolean,
  onset_date date,
  end_date date,
  "comment" text,
  reference_id text,
  created_at timestamptz,
  created_by text,
  updated_at timestamptz,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.medications (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  medication text,
  dosage text,
  dosage_instructions text,
  status text,
  active boolean,
  start_date date,
  end_date date,
  "comment" text,
  reference_id text,
  created_at timestamptz,
  created_by text,
  updated_at timestamptz,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.problems (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  problem text,
  icd10_code text,
  status text,
  active boolean,
  onset_date date,
  end_date date,
  "comment" text,
  reference_id text,
  created_at timestamptz,
  created_by text,
  updated_at timestamptz,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamptz NOT NULL,
  _read_at timestamptz NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.appointments (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  practitioner_id bigint,
  location_id bigint,
  appointment_type_id bigint,
  start_time timestamptz,
  end_time timestamptz,
  duration_minutes integer,
  status text,
  note text,
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
`;
