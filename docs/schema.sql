-- Made by npm run schema:dump; a test compares it with what the migrations make.

CREATE SCHEMA lobbie;

CREATE SCHEMA lobbie_history;

CREATE SCHEMA lobbie_push;

CREATE SCHEMA lobbie_sync;

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
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT allergies_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT appointment_types_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.appointments (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  practitioner_id bigint,
  location_id bigint,
  appointment_type_id bigint,
  start_time timestamp with time zone,
  end_time timestamp with time zone,
  duration_minutes integer,
  status text,
  note text,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT appointments_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT categories_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.category_transitions (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  from_category_id bigint,
  from_category_name text,
  to_category_id bigint,
  to_category_name text,
  trigger text,
  reason text,
  changed_by text,
  transitioned_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT category_transitions_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.crm_status_groups (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  active boolean,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT crm_status_groups_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT crm_statuses_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.form_answers (
  account_id bigint NOT NULL,
  form_element_id bigint NOT NULL,
  label text,
  field_type text,
  attribute_name text,
  value text,
  selected_options jsonb,
  location_id bigint,
  form_id bigint NOT NULL,
  form_packet_id bigint,
  raw jsonb,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_answers_pkey PRIMARY KEY (account_id, form_id, form_element_id)
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
  due_date timestamp with time zone,
  completed_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_packets_pkey PRIMARY KEY (account_id, id)
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
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_template_attributes_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.form_template_elements (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  form_template_id bigint,
  label text,
  field_type text,
  required boolean,
  sort_order integer,
  attribute_name text,
  options jsonb,
  visibility text,
  editable_by text,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_template_elements_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.form_template_groups (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  description text,
  active boolean,
  form_template_ids jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_template_groups_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT form_templates_pkey PRIMARY KEY (account_id, id)
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
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT forms_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.invoice_line_items (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  invoice_id bigint,
  appointment_id bigint,
  care_resource_id bigint,
  type text,
  code text,
  description text,
  quantity integer,
  unit_price_cents bigint,
  unit_price_display text,
  total_cents bigint,
  total_display text,
  taxable boolean,
  sort_order integer,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT invoice_line_items_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.invoices (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  invoice_number text,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  location_name text,
  appointment_id bigint,
  subscription_id bigint,
  status text,
  currency text,
  line_items jsonb,
  paid_amount numeric,
  refunded_amount numeric,
  subtotal_amount numeric,
  tax_amount numeric,
  total_amount numeric,
  due_date timestamp with time zone,
  paid_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT invoices_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.lab_test_components (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  external_id text,
  value text,
  unit text,
  reference_low text,
  reference_high text,
  reference_text text,
  abnormal_flag text,
  result_status text,
  location_id bigint,
  lab_id bigint,
  panel_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT lab_test_components_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.lab_test_panels (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  components jsonb,
  location_id bigint,
  lab_id bigint,
  raw jsonb,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT lab_test_panels_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.labs (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  appointment_id bigint,
  status text,
  vendor_type text,
  drawn_by text,
  external_result boolean,
  locked boolean,
  manual boolean,
  notes text,
  test_panels jsonb,
  collected_on timestamp with time zone,
  completed_on timestamp with time zone,
  entry_on timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT labs_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.locations (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  name text,
  active boolean,
  store_id text,
  phone_number text,
  time_zone text,
  address jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT locations_pkey PRIMARY KEY (account_id, id)
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
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT medications_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.notification_groups (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  location_id bigint,
  patient_id bigint,
  name text,
  type text,
  appointment_id bigint,
  form_packet_id bigint,
  payment_request_id bigint,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT notification_groups_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.notifications (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  location_id bigint,
  notification_group_id bigint,
  type text,
  email_status text,
  sms_status text,
  email_sent_at timestamp with time zone,
  sms_sent_at timestamp with time zone,
  scheduled_for timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT notifications_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.patient_categories (
  account_id bigint NOT NULL,
  patient_id bigint NOT NULL,
  category_id bigint,
  category_name text,
  category_color text,
  assigned_at timestamp with time zone,
  assigned_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT patient_categories_pkey PRIMARY KEY (account_id, patient_id)
);

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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT patients_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.payment_requests (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  patient_name text,
  appointment_id bigint,
  invoice_id bigint,
  description text,
  status text,
  amount_cents bigint,
  amount_display text,
  amount_paid_cents bigint,
  amount_paid_display text,
  amount_remaining_cents bigint,
  amount_remaining_display text,
  payment_url text,
  void_reason text,
  expires_at timestamp with time zone,
  paid_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT payment_requests_pkey PRIMARY KEY (account_id, id)
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
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT problems_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.recurring_payments (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  patient_id bigint,
  patient_name text,
  description text,
  status text,
  frequency text,
  amount_cents bigint,
  amount_display text,
  card_brand text,
  card_last4 text,
  completed_payments integer,
  remaining_payments integer,
  total_payments integer,
  next_payment_date date,
  start_date timestamp with time zone,
  end_date timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT recurring_payments_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT remote_care_services_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.remote_care_settings (
  account_id bigint NOT NULL,
  id bigint,
  location_id bigint NOT NULL,
  active boolean,
  default_staff_id bigint,
  self_scheduling_setting_ids jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT remote_care_settings_pkey PRIMARY KEY (account_id, location_id)
);

CREATE TABLE lobbie.role_groups (
  id bigint NOT NULL,
  name text,
  description text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT role_groups_pkey PRIMARY KEY (id)
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
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT self_scheduling_settings_pkey PRIMARY KEY (account_id, id)
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT staff_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.webhook_endpoints (
  account_id bigint NOT NULL,
  id bigint NOT NULL,
  url text,
  name text,
  event_types jsonb,
  enabled boolean,
  last_delivery jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (account_id, id)
);

CREATE TABLE lobbie.webhook_event_types (
  account_id bigint NOT NULL,
  event_type text NOT NULL,
  description text,
  raw jsonb NOT NULL,
  _content_hash bytea NOT NULL,
  _run_id bigint NOT NULL,
  _loaded_at timestamp with time zone NOT NULL,
  _read_at timestamp with time zone NOT NULL,
  _source smallint NOT NULL,
  _deleted_at timestamp with time zone,
  _version integer NOT NULL DEFAULT 1,
  CONSTRAINT webhook_event_types_pkey PRIMARY KEY (account_id, event_type)
);

CREATE TABLE lobbie_history.allergies_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  allergy text,
  main_reaction text,
  severity text,
  status text,
  active boolean,
  onset_date date,
  end_date date,
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT allergies_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT allergies_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.appointment_types_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  instructions text,
  duration_minutes integer,
  telehealth boolean,
  color text,
  active boolean,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT appointment_types_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT appointment_types_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.appointments_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  practitioner_id bigint,
  location_id bigint,
  appointment_type_id bigint,
  start_time timestamp with time zone,
  end_time timestamp with time zone,
  duration_minutes integer,
  status text,
  note text,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT appointments_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT appointments_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.categories_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  color text,
  active boolean,
  is_default boolean,
  patient_count integer,
  sort_order integer,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT categories_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT categories_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.category_transitions_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  from_category_id bigint,
  from_category_name text,
  to_category_id bigint,
  to_category_name text,
  trigger text,
  reason text,
  changed_by text,
  transitioned_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT category_transitions_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT category_transitions_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.crm_status_groups_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  active boolean,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT crm_status_groups_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT crm_status_groups_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.crm_statuses_past (
  account_id bigint,
  id bigint,
  group_id bigint,
  name text,
  description text,
  color text,
  "order" integer,
  is_terminal boolean,
  active boolean,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT crm_statuses_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT crm_statuses_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_answers_past (
  account_id bigint,
  form_element_id bigint,
  label text,
  field_type text,
  attribute_name text,
  value text,
  selected_options jsonb,
  location_id bigint,
  form_id bigint,
  form_packet_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_answers_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_answers_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_packets_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  location_name text,
  status text,
  form_template_ids jsonb,
  forms jsonb,
  is_active boolean,
  is_archived boolean,
  due_date timestamp with time zone,
  completed_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_packets_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_packets_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_template_attributes_past (
  account_id bigint,
  id bigint,
  name text,
  form_element_id bigint,
  label text,
  field_type text,
  location_id bigint,
  form_template_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_template_attributes_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_template_attributes_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_template_elements_past (
  account_id bigint,
  id bigint,
  form_template_id bigint,
  label text,
  field_type text,
  required boolean,
  sort_order integer,
  attribute_name text,
  options jsonb,
  visibility text,
  editable_by text,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_template_elements_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_template_elements_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_template_groups_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  active boolean,
  form_template_ids jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_template_groups_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_template_groups_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.form_templates_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  version integer,
  active boolean,
  staff_only boolean,
  appointment_type_ids jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT form_templates_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT form_templates_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.forms_past (
  account_id bigint,
  id bigint,
  form_template_id bigint,
  form_template_name text,
  is_complete boolean,
  status text,
  completion_percentage integer,
  answers jsonb,
  mapped_answers jsonb,
  location_id bigint,
  form_packet_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT forms_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT forms_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.invoice_line_items_past (
  account_id bigint,
  id bigint,
  invoice_id bigint,
  appointment_id bigint,
  care_resource_id bigint,
  type text,
  code text,
  description text,
  quantity integer,
  unit_price_cents bigint,
  unit_price_display text,
  total_cents bigint,
  total_display text,
  taxable boolean,
  sort_order integer,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT invoice_line_items_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT invoice_line_items_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.invoices_past (
  account_id bigint,
  id bigint,
  invoice_number text,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  location_name text,
  appointment_id bigint,
  subscription_id bigint,
  status text,
  currency text,
  line_items jsonb,
  paid_amount numeric,
  refunded_amount numeric,
  subtotal_amount numeric,
  tax_amount numeric,
  total_amount numeric,
  due_date timestamp with time zone,
  paid_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT invoices_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT invoices_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.lab_test_components_past (
  account_id bigint,
  id bigint,
  name text,
  external_id text,
  value text,
  unit text,
  reference_low text,
  reference_high text,
  reference_text text,
  abnormal_flag text,
  result_status text,
  location_id bigint,
  lab_id bigint,
  panel_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT lab_test_components_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT lab_test_components_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.lab_test_panels_past (
  account_id bigint,
  id bigint,
  name text,
  components jsonb,
  location_id bigint,
  lab_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT lab_test_panels_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT lab_test_panels_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.labs_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  patient_name text,
  location_id bigint,
  appointment_id bigint,
  status text,
  vendor_type text,
  drawn_by text,
  external_result boolean,
  locked boolean,
  manual boolean,
  notes text,
  test_panels jsonb,
  collected_on timestamp with time zone,
  completed_on timestamp with time zone,
  entry_on timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT labs_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT labs_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.locations_past (
  account_id bigint,
  id bigint,
  name text,
  active boolean,
  store_id text,
  phone_number text,
  time_zone text,
  address jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT locations_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT locations_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.medications_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  medication text,
  dosage text,
  dosage_instructions text,
  status text,
  active boolean,
  start_date date,
  end_date date,
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT medications_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT medications_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.notification_groups_past (
  account_id bigint,
  id bigint,
  location_id bigint,
  patient_id bigint,
  name text,
  type text,
  appointment_id bigint,
  form_packet_id bigint,
  payment_request_id bigint,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT notification_groups_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT notification_groups_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.notifications_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  location_id bigint,
  notification_group_id bigint,
  type text,
  email_status text,
  sms_status text,
  email_sent_at timestamp with time zone,
  sms_sent_at timestamp with time zone,
  scheduled_for timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT notifications_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT notifications_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.patient_categories_past (
  account_id bigint,
  patient_id bigint,
  category_id bigint,
  category_name text,
  category_color text,
  assigned_at timestamp with time zone,
  assigned_by text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT patient_categories_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT patient_categories_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.patients_past (
  account_id bigint,
  id bigint,
  first_name text,
  last_name text,
  date_of_birth date,
  email text,
  mobile_phone text,
  gender text,
  home_address jsonb,
  mailing_address jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT patients_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT patients_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.payment_requests_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  patient_name text,
  appointment_id bigint,
  invoice_id bigint,
  description text,
  status text,
  amount_cents bigint,
  amount_display text,
  amount_paid_cents bigint,
  amount_paid_display text,
  amount_remaining_cents bigint,
  amount_remaining_display text,
  payment_url text,
  void_reason text,
  expires_at timestamp with time zone,
  paid_at timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT payment_requests_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT payment_requests_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.problems_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  problem text,
  icd10_code text,
  status text,
  active boolean,
  onset_date date,
  end_date date,
  comment text,
  reference_id text,
  created_at timestamp with time zone,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT problems_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT problems_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.recurring_payments_past (
  account_id bigint,
  id bigint,
  patient_id bigint,
  patient_name text,
  description text,
  status text,
  frequency text,
  amount_cents bigint,
  amount_display text,
  card_brand text,
  card_last4 text,
  completed_payments integer,
  remaining_payments integer,
  total_payments integer,
  next_payment_date date,
  start_date timestamp with time zone,
  end_date timestamp with time zone,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT recurring_payments_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT recurring_payments_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.remote_care_services_past (
  account_id bigint,
  id bigint,
  name text,
  description text,
  active boolean,
  appointment_type_id bigint,
  price_cents bigint,
  price_display text,
  sort_order integer,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  location_id bigint,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT remote_care_services_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT remote_care_services_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.remote_care_settings_past (
  account_id bigint,
  id bigint,
  location_id bigint,
  active boolean,
  default_staff_id bigint,
  self_scheduling_setting_ids jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT remote_care_settings_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT remote_care_settings_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.role_groups_past (
  id bigint,
  name text,
  description text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT role_groups_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT role_groups_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.self_scheduling_settings_past (
  account_id bigint,
  id bigint,
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
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT self_scheduling_settings_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT self_scheduling_settings_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.staff_past (
  account_id bigint,
  id bigint,
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
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT staff_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT staff_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.webhook_endpoints_past (
  account_id bigint,
  id bigint,
  url text,
  name text,
  event_types jsonb,
  enabled boolean,
  last_delivery jsonb,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT webhook_endpoints_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT webhook_endpoints_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_history.webhook_event_types_past (
  account_id bigint,
  event_type text,
  description text,
  raw jsonb,
  _content_hash bytea,
  _run_id bigint,
  _loaded_at timestamp with time zone,
  _read_at timestamp with time zone,
  _source smallint,
  _deleted_at timestamp with time zone,
  _version integer,
  valid_from timestamp with time zone NOT NULL,
  valid_to timestamp with time zone NOT NULL,
  _past_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT webhook_event_types_past_check CHECK ((valid_from < valid_to)),
  CONSTRAINT webhook_event_types_past_pkey PRIMARY KEY (_past_id)
);

CREATE TABLE lobbie_push.attempts (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  outbox_id bigint NOT NULL,
  run_id bigint NOT NULL,
  operation text NOT NULL,
  sent_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  outcome text NOT NULL,
  http_status integer,
  code text,
  request_id text,
  CONSTRAINT attempts_outcome_check CHECK ((outcome = ANY (ARRAY['sent'::text, 'done'::text, 'refused'::text, 'not_done'::text, 'unknown'::text]))),
  CONSTRAINT attempts_pkey PRIMARY KEY (id)
);

CREATE TABLE lobbie_push.control (
  one boolean NOT NULL DEFAULT true,
  paused_at timestamp with time zone,
  paused_by text,
  reason text,
  CONSTRAINT control_one_check CHECK (one),
  CONSTRAINT control_pkey PRIMARY KEY (one)
);

CREATE TABLE lobbie_push.outbox (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  resource text NOT NULL,
  operation text NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint,
  target_id bigint,
  external_ref text,
  changes jsonb NOT NULL DEFAULT '{}'::jsonb,
  allow_nulls boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'pending'::text,
  error text,
  attempts integer NOT NULL DEFAULT 0,
  result_id bigint,
  base jsonb,
  requested_by text NOT NULL DEFAULT SESSION_USER,
  requested_at timestamp with time zone NOT NULL DEFAULT now(),
  completed_at timestamp with time zone,
  approved_by text,
  approved_at timestamp with time zone,
  resolution jsonb NOT NULL DEFAULT '{}'::jsonb,
  conflict_fields text[],
  remote jsonb,
  answer text,
  needs_person boolean NOT NULL DEFAULT false,
  tries integer NOT NULL DEFAULT 0,
  not_before timestamp with time zone,
  run_id bigint,
  sent_at timestamp with time zone,
  doubt_since timestamp with time zone,
  base_snapshot pg_snapshot,
  CONSTRAINT outbox_account_id_check CHECK ((account_id > 0)),
  CONSTRAINT outbox_changes_is_an_object CHECK ((jsonb_typeof(changes) = 'object'::text)),
  CONSTRAINT outbox_delete_of_patients_only CHECK (((operation <> 'delete'::text) OR (resource = 'patients'::text))),
  CONSTRAINT outbox_external_ref_check CHECK ((external_ref <> ''::text)),
  CONSTRAINT outbox_location_id_check CHECK ((location_id > 0)),
  CONSTRAINT outbox_location_of_a_booking CHECK (((operation <> 'create'::text) OR (resource <> 'appointments'::text) OR (location_id IS NOT NULL))),
  CONSTRAINT outbox_operation_check CHECK ((operation = ANY (ARRAY['create'::text, 'update'::text, 'delete'::text]))),
  CONSTRAINT outbox_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_resource_check CHECK ((resource = ANY (ARRAY['patients'::text, 'appointments'::text]))),
  CONSTRAINT outbox_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'in_flight'::text, 'succeeded'::text, 'conflict'::text, 'rejected'::text, 'failed'::text, 'in_doubt'::text, 'cancelled'::text]))),
  CONSTRAINT outbox_target_id_check CHECK ((target_id > 0)),
  CONSTRAINT outbox_target_unless_create CHECK (((operation = 'create'::text) = (target_id IS NULL)))
);

CREATE TABLE lobbie_push.own_writes (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  record_id bigint NOT NULL,
  field text NOT NULL,
  value jsonb NOT NULL,
  outbox_id bigint NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  written_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT own_writes_pkey PRIMARY KEY (account_id, resource, record_id, field)
);

CREATE TABLE lobbie_sync.alert_state (
  key text NOT NULL,
  state text NOT NULL,
  since timestamp with time zone NOT NULL,
  last_sent timestamp with time zone,
  message text NOT NULL DEFAULT ''::text,
  run_id bigint,
  CONSTRAINT alert_state_pkey PRIMARY KEY (key)
);

CREATE TABLE lobbie_sync.audit_log (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  at timestamp with time zone NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  account_id bigint,
  resource text,
  subject jsonb NOT NULL DEFAULT '{}'::jsonb,
  run_id bigint,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);

CREATE TABLE lobbie_sync.checks (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  parent_id bigint NOT NULL,
  checked_at timestamp with time zone,
  due_since timestamp with time zone,
  deferred_since timestamp with time zone,
  CONSTRAINT checks_pkey PRIMARY KEY (account_id, resource, parent_id)
);

CREATE TABLE lobbie_sync.closed_locations (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL,
  cause text NOT NULL,
  since timestamp with time zone NOT NULL,
  delete_id bigint NOT NULL,
  CONSTRAINT closed_locations_cause_check CHECK ((cause = ANY (ARRAY['left_list'::text, 'lists_refused'::text]))),
  CONSTRAINT closed_locations_pkey PRIMARY KEY (account_id, location_id)
);

CREATE TABLE lobbie_sync.cursors (
  pass_id bigint NOT NULL,
  account_id bigint NOT NULL,
  resource text NOT NULL,
  scope text NOT NULL,
  cursor jsonb,
  status text NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT cursors_pkey PRIMARY KEY (pass_id, account_id, resource, scope),
  CONSTRAINT cursors_status_check CHECK ((status = ANY (ARRAY['open'::text, 'done'::text])))
);

CREATE TABLE lobbie_sync.deletes (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  run_id bigint NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint,
  resource text NOT NULL,
  key text NOT NULL,
  parent_id bigint,
  reason text NOT NULL,
  status text NOT NULL,
  found_at timestamp with time zone NOT NULL,
  decided_at timestamp with time zone,
  sweep_ids bigint[],
  absent_at timestamp with time zone NOT NULL,
  CONSTRAINT deletes_pkey PRIMARY KEY (id),
  CONSTRAINT deletes_status_check CHECK ((status = ANY (ARRAY['candidate'::text, 'held'::text, 'applied'::text, 'dismissed'::text, 'restored'::text])))
);

CREATE TABLE lobbie_sync.leases (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  run_id bigint NOT NULL,
  acquired_at timestamp with time zone NOT NULL,
  CONSTRAINT leases_pkey PRIMARY KEY (account_id, resource)
);

CREATE TABLE lobbie_sync.list_state (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  operation text NOT NULL,
  last_certified_at timestamp with time zone NOT NULL,
  oldest_checked_at timestamp with time zone NOT NULL,
  CONSTRAINT list_state_pkey PRIMARY KEY (account_id, resource, location_id, operation)
);

CREATE TABLE lobbie_sync.mass_changes (
  sweep_id bigint NOT NULL,
  run_id bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  rows_changed bigint NOT NULL,
  rows bigint NOT NULL,
  hints_deferred bigint NOT NULL DEFAULT 0,
  CONSTRAINT mass_changes_pkey PRIMARY KEY (sweep_id)
);

CREATE TABLE lobbie_sync.passes (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  selection_key text NOT NULL,
  status text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  finished_at timestamp with time zone,
  CONSTRAINT passes_pkey PRIMARY KEY (id),
  CONSTRAINT passes_status_check CHECK ((status = ANY (ARRAY['open'::text, 'finished'::text, 'partial'::text, 'abandoned'::text])))
);

CREATE TABLE lobbie_sync.rejects (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  run_id bigint NOT NULL,
  account_id bigint,
  resource text NOT NULL,
  record_key text,
  reason text NOT NULL,
  record jsonb NOT NULL,
  context jsonb NOT NULL DEFAULT '{}'::jsonb,
  rejected_at timestamp with time zone NOT NULL,
  replayed_at timestamp with time zone,
  CONSTRAINT rejects_pkey PRIMARY KEY (id)
);

CREATE TABLE lobbie_sync.resources_off (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  via text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  since timestamp with time zone NOT NULL,
  CONSTRAINT resources_off_pkey PRIMARY KEY (account_id, resource)
);

CREATE TABLE lobbie_sync.run_problems (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  run_id bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  account_id bigint,
  location_id bigint,
  resource text,
  scope text,
  code text NOT NULL,
  message text NOT NULL,
  hint text,
  CONSTRAINT run_problems_pkey PRIMARY KEY (id)
);

CREATE TABLE lobbie_sync.run_resources (
  run_id bigint NOT NULL,
  resource text NOT NULL,
  requests bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  CONSTRAINT run_resources_pkey PRIMARY KEY (run_id, resource)
);

CREATE TABLE lobbie_sync.run_unknown_fields (
  run_id bigint NOT NULL,
  resource text NOT NULL,
  field text NOT NULL,
  records bigint NOT NULL DEFAULT 0,
  CONSTRAINT run_unknown_fields_pkey PRIMARY KEY (run_id, resource, field)
);

CREATE TABLE lobbie_sync.runs (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  status text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  finished_at timestamp with time zone,
  requests bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  error text,
  selection jsonb NOT NULL DEFAULT '{}'::jsonb,
  host text,
  pid integer,
  CONSTRAINT runs_kind_check CHECK ((kind = ANY (ARRAY['backfill'::text, 'sync'::text, 'push'::text, 'webhook'::text, 'verify'::text]))),
  CONSTRAINT runs_pkey PRIMARY KEY (id),
  CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'succeeded'::text, 'partial'::text, 'incomplete'::text, 'failed'::text])))
);

CREATE TABLE lobbie_sync.schedule (
  job text NOT NULL,
  due_at timestamp with time zone NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp with time zone,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  run_id bigint,
  holder text,
  exit_code smallint,
  message text,
  CONSTRAINT schedule_pkey PRIMARY KEY (job, due_at),
  CONSTRAINT schedule_status_check CHECK ((status = ANY (ARRAY['first_start'::text, 'running'::text, 'waiting'::text, 'succeeded'::text, 'partial'::text, 'incomplete'::text, 'failed'::text, 'skipped'::text])))
);

CREATE TABLE lobbie_sync.sweep_keys (
  sweep_id bigint NOT NULL,
  ids bigint[],
  keys text[],
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  CONSTRAINT sweep_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE lobbie_sync.sweeps (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  pass_id bigint NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  operation text NOT NULL,
  status text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  finished_at timestamp with time zone,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  reason text,
  whole boolean NOT NULL DEFAULT true,
  judged boolean NOT NULL DEFAULT false,
  rows_changed bigint NOT NULL DEFAULT 0,
  CONSTRAINT sweeps_pass_id_account_id_location_id_resource_operation_key UNIQUE (pass_id, account_id, location_id, resource, operation),
  CONSTRAINT sweeps_pkey PRIMARY KEY (id),
  CONSTRAINT sweeps_status_check CHECK ((status = ANY (ARRAY['open'::text, 'certified'::text, 'failed'::text])))
);

CREATE TABLE lobbie_sync.table_rows (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  rows bigint NOT NULL,
  counted_at timestamp with time zone NOT NULL,
  CONSTRAINT table_rows_pkey PRIMARY KEY (account_id, resource, location_id)
);

CREATE TABLE lobbie_sync.unknown_fields (
  resource text NOT NULL,
  field text NOT NULL,
  first_seen_at timestamp with time zone NOT NULL,
  first_run_id bigint NOT NULL,
  last_seen_at timestamp with time zone NOT NULL,
  last_run_id bigint NOT NULL,
  records bigint NOT NULL,
  CONSTRAINT unknown_fields_pkey PRIMARY KEY (resource, field)
);

CREATE TABLE lobbie_sync.volatile_columns (
  table_name text NOT NULL,
  column_name text NOT NULL,
  CONSTRAINT volatile_columns_pkey PRIMARY KEY (table_name, column_name)
);

CREATE INDEX allergies_by_patient ON lobbie.allergies USING btree (account_id, patient_id);

CREATE INDEX category_transitions_by_patient ON lobbie.category_transitions USING btree (account_id, patient_id);

CREATE INDEX crm_statuses_by_group ON lobbie.crm_statuses USING btree (account_id, group_id);

CREATE INDEX form_answers_by_packet ON lobbie.form_answers USING btree (account_id, form_packet_id);

CREATE INDEX form_packets_by_location ON lobbie.form_packets USING btree (account_id, location_id, id);

CREATE INDEX form_template_attributes_by_template ON lobbie.form_template_attributes USING btree (account_id, form_template_id);

CREATE INDEX form_template_elements_by_template ON lobbie.form_template_elements USING btree (account_id, form_template_id);

CREATE INDEX form_templates_by_location ON lobbie.form_templates USING btree (account_id, location_id, id);

CREATE INDEX forms_by_packet ON lobbie.forms USING btree (account_id, form_packet_id);

CREATE INDEX invoice_line_items_by_invoice ON lobbie.invoice_line_items USING btree (account_id, invoice_id);

CREATE INDEX invoices_by_location ON lobbie.invoices USING btree (account_id, location_id, id);

CREATE INDEX lab_test_components_by_lab ON lobbie.lab_test_components USING btree (account_id, lab_id);

CREATE INDEX labs_by_location ON lobbie.labs USING btree (account_id, location_id, id);

CREATE INDEX medications_by_patient ON lobbie.medications USING btree (account_id, patient_id);

CREATE INDEX problems_by_patient ON lobbie.problems USING btree (account_id, patient_id);

CREATE INDEX allergies_past_account_id_id__version_idx ON lobbie_history.allergies_past USING btree (account_id, id, _version);

CREATE INDEX appointment_types_past_account_id_id__version_idx ON lobbie_history.appointment_types_past USING btree (account_id, id, _version);

CREATE INDEX appointments_past_account_id_id__version_idx ON lobbie_history.appointments_past USING btree (account_id, id, _version);

CREATE INDEX categories_past_account_id_id__version_idx ON lobbie_history.categories_past USING btree (account_id, id, _version);

CREATE INDEX category_transitions_past_account_id_id__version_idx ON lobbie_history.category_transitions_past USING btree (account_id, id, _version);

CREATE INDEX crm_status_groups_past_account_id_id__version_idx ON lobbie_history.crm_status_groups_past USING btree (account_id, id, _version);

CREATE INDEX crm_statuses_past_account_id_id__version_idx ON lobbie_history.crm_statuses_past USING btree (account_id, id, _version);

CREATE INDEX form_answers_past_account_id_form_id_form_element_id__versi_idx ON lobbie_history.form_answers_past USING btree (account_id, form_id, form_element_id, _version);

CREATE INDEX form_packets_past_account_id_id__version_idx ON lobbie_history.form_packets_past USING btree (account_id, id, _version);

CREATE INDEX form_template_attributes_past_account_id_id__version_idx ON lobbie_history.form_template_attributes_past USING btree (account_id, id, _version);

CREATE INDEX form_template_elements_past_account_id_id__version_idx ON lobbie_history.form_template_elements_past USING btree (account_id, id, _version);

CREATE INDEX form_template_groups_past_account_id_id__version_idx ON lobbie_history.form_template_groups_past USING btree (account_id, id, _version);

CREATE INDEX form_templates_past_account_id_id__version_idx ON lobbie_history.form_templates_past USING btree (account_id, id, _version);

CREATE INDEX forms_past_account_id_id__version_idx ON lobbie_history.forms_past USING btree (account_id, id, _version);

CREATE INDEX invoice_line_items_past_account_id_id__version_idx ON lobbie_history.invoice_line_items_past USING btree (account_id, id, _version);

CREATE INDEX invoices_past_account_id_id__version_idx ON lobbie_history.invoices_past USING btree (account_id, id, _version);

CREATE INDEX lab_test_components_past_account_id_id__version_idx ON lobbie_history.lab_test_components_past USING btree (account_id, id, _version);

CREATE INDEX lab_test_panels_past_account_id_id__version_idx ON lobbie_history.lab_test_panels_past USING btree (account_id, id, _version);

CREATE INDEX labs_past_account_id_id__version_idx ON lobbie_history.labs_past USING btree (account_id, id, _version);

CREATE INDEX locations_past_account_id_id__version_idx ON lobbie_history.locations_past USING btree (account_id, id, _version);

CREATE INDEX medications_past_account_id_id__version_idx ON lobbie_history.medications_past USING btree (account_id, id, _version);

CREATE INDEX notification_groups_past_account_id_id__version_idx ON lobbie_history.notification_groups_past USING btree (account_id, id, _version);

CREATE INDEX notifications_past_account_id_id__version_idx ON lobbie_history.notifications_past USING btree (account_id, id, _version);

CREATE INDEX patient_categories_past_account_id_patient_id__version_idx ON lobbie_history.patient_categories_past USING btree (account_id, patient_id, _version);

CREATE INDEX patients_past_account_id_id__version_idx ON lobbie_history.patients_past USING btree (account_id, id, _version);

CREATE INDEX payment_requests_past_account_id_id__version_idx ON lobbie_history.payment_requests_past USING btree (account_id, id, _version);

CREATE INDEX problems_past_account_id_id__version_idx ON lobbie_history.problems_past USING btree (account_id, id, _version);

CREATE INDEX recurring_payments_past_account_id_id__version_idx ON lobbie_history.recurring_payments_past USING btree (account_id, id, _version);

CREATE INDEX remote_care_services_past_account_id_id__version_idx ON lobbie_history.remote_care_services_past USING btree (account_id, id, _version);

CREATE INDEX remote_care_settings_past_account_id_location_id__version_idx ON lobbie_history.remote_care_settings_past USING btree (account_id, location_id, _version);

CREATE INDEX role_groups_past_id__version_idx ON lobbie_history.role_groups_past USING btree (id, _version);

CREATE INDEX self_scheduling_settings_past_account_id_id__version_idx ON lobbie_history.self_scheduling_settings_past USING btree (account_id, id, _version);

CREATE INDEX staff_past_account_id_id__version_idx ON lobbie_history.staff_past USING btree (account_id, id, _version);

CREATE INDEX webhook_endpoints_past_account_id_id__version_idx ON lobbie_history.webhook_endpoints_past USING btree (account_id, id, _version);

CREATE INDEX webhook_event_types_past_account_id_event_type__version_idx ON lobbie_history.webhook_event_types_past USING btree (account_id, event_type, _version);

CREATE INDEX attempts_by_row ON lobbie_push.attempts USING btree (outbox_id, id);

CREATE INDEX outbox_active ON lobbie_push.outbox USING btree (id) WHERE (status = ANY (ARRAY['pending'::text, 'in_flight'::text, 'in_doubt'::text, 'conflict'::text]));

CREATE INDEX outbox_active_target ON lobbie_push.outbox USING btree (account_id, resource, target_id, id) WHERE ((status = ANY (ARRAY['pending'::text, 'in_flight'::text, 'in_doubt'::text, 'conflict'::text])) AND (target_id IS NOT NULL));

CREATE UNIQUE INDEX outbox_external_ref ON lobbie_push.outbox USING btree (account_id, resource, external_ref) WHERE (external_ref IS NOT NULL);

CREATE INDEX outbox_finished ON lobbie_push.outbox USING btree (status, account_id, resource, location_id) WHERE (status = ANY (ARRAY['succeeded'::text, 'rejected'::text, 'failed'::text, 'cancelled'::text]));

CREATE INDEX outbox_lost ON lobbie_push.outbox USING btree (completed_at) WHERE (status = ANY (ARRAY['rejected'::text, 'failed'::text]));

CREATE UNIQUE INDEX outbox_one_in_flight ON lobbie_push.outbox USING btree (account_id, resource, target_id) WHERE ((status = 'in_flight'::text) AND (target_id IS NOT NULL));

CREATE INDEX outbox_result ON lobbie_push.outbox USING btree (account_id, resource, result_id) WHERE ((operation = 'create'::text) AND (result_id IS NOT NULL));

CREATE INDEX outbox_sent_target ON lobbie_push.outbox USING btree (account_id, resource, target_id) WHERE ((status = ANY (ARRAY['in_flight'::text, 'in_doubt'::text])) AND (target_id IS NOT NULL));

CREATE INDEX own_writes_by_time ON lobbie_push.own_writes USING btree (written_at);

CREATE INDEX checks_due ON lobbie_sync.checks USING btree (account_id, resource, due_since) WHERE (due_since IS NOT NULL);

CREATE INDEX checks_oldest ON lobbie_sync.checks USING btree (account_id, resource, checked_at);

CREATE INDEX deletes_by_run ON lobbie_sync.deletes USING btree (run_id, id);

CREATE INDEX deletes_by_status ON lobbie_sync.deletes USING btree (status, account_id, resource, id);

CREATE UNIQUE INDEX deletes_open ON lobbie_sync.deletes USING btree (account_id, resource, key) WHERE (status = ANY (ARRAY['candidate'::text, 'held'::text]));

CREATE INDEX mass_changes_by_run ON lobbie_sync.mass_changes USING btree (run_id);

CREATE UNIQUE INDEX passes_open ON lobbie_sync.passes USING btree (kind, selection_key) WHERE (status = 'open'::text);

CREATE INDEX rejects_by_run ON lobbie_sync.rejects USING btree (run_id, id);

CREATE INDEX rejects_open ON lobbie_sync.rejects USING btree (resource, id) WHERE (replayed_at IS NULL);

CREATE INDEX run_problems_by_run ON lobbie_sync.run_problems USING btree (run_id, id);

CREATE INDEX runs_running ON lobbie_sync.runs USING btree (id) WHERE (status = 'running'::text);

CREATE INDEX schedule_open ON lobbie_sync.schedule USING btree (job) WHERE (status = ANY (ARRAY['running'::text, 'waiting'::text]));

CREATE INDEX sweep_keys_by_sweep ON lobbie_sync.sweep_keys USING btree (sweep_id);

CREATE INDEX sweeps_by_scope ON lobbie_sync.sweeps USING btree (account_id, resource, location_id, status, started_at);

CREATE VIEW lobbie_history.allergies AS
 SELECT allergies_past.account_id,
    allergies_past.id,
    allergies_past.patient_id,
    allergies_past.allergy,
    allergies_past.main_reaction,
    allergies_past.severity,
    allergies_past.status,
    allergies_past.active,
    allergies_past.onset_date,
    allergies_past.end_date,
    allergies_past.comment,
    allergies_past.reference_id,
    allergies_past.created_at,
    allergies_past.created_by,
    allergies_past.updated_at,
    allergies_past.updated_by,
    allergies_past.raw,
    allergies_past._content_hash,
    allergies_past._run_id,
    allergies_past._loaded_at,
    allergies_past._read_at,
    allergies_past._source,
    allergies_past._deleted_at,
    allergies_past._version,
    allergies_past.valid_from,
    allergies_past.valid_to,
    allergies_past._version AS version
   FROM lobbie_history.allergies_past
UNION ALL
 SELECT allergies.account_id,
    allergies.id,
    allergies.patient_id,
    allergies.allergy,
    allergies.main_reaction,
    allergies.severity,
    allergies.status,
    allergies.active,
    allergies.onset_date,
    allergies.end_date,
    allergies.comment,
    allergies.reference_id,
    allergies.created_at,
    allergies.created_by,
    allergies.updated_at,
    allergies.updated_by,
    allergies.raw,
    allergies._content_hash,
    allergies._run_id,
    allergies._loaded_at,
    allergies._read_at,
    allergies._source,
    allergies._deleted_at,
    allergies._version,
    allergies._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    allergies._version AS version
   FROM lobbie.allergies;

CREATE VIEW lobbie_history.appointment_types AS
 SELECT appointment_types_past.account_id,
    appointment_types_past.id,
    appointment_types_past.name,
    appointment_types_past.description,
    appointment_types_past.instructions,
    appointment_types_past.duration_minutes,
    appointment_types_past.telehealth,
    appointment_types_past.color,
    appointment_types_past.active,
    appointment_types_past.created_at,
    appointment_types_past.updated_at,
    appointment_types_past.raw,
    appointment_types_past._content_hash,
    appointment_types_past._run_id,
    appointment_types_past._loaded_at,
    appointment_types_past._read_at,
    appointment_types_past._source,
    appointment_types_past._deleted_at,
    appointment_types_past._version,
    appointment_types_past.valid_from,
    appointment_types_past.valid_to,
    appointment_types_past._version AS version
   FROM lobbie_history.appointment_types_past
UNION ALL
 SELECT appointment_types.account_id,
    appointment_types.id,
    appointment_types.name,
    appointment_types.description,
    appointment_types.instructions,
    appointment_types.duration_minutes,
    appointment_types.telehealth,
    appointment_types.color,
    appointment_types.active,
    appointment_types.created_at,
    appointment_types.updated_at,
    appointment_types.raw,
    appointment_types._content_hash,
    appointment_types._run_id,
    appointment_types._loaded_at,
    appointment_types._read_at,
    appointment_types._source,
    appointment_types._deleted_at,
    appointment_types._version,
    appointment_types._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    appointment_types._version AS version
   FROM lobbie.appointment_types;

CREATE VIEW lobbie_history.appointments AS
 SELECT appointments_past.account_id,
    appointments_past.id,
    appointments_past.patient_id,
    appointments_past.practitioner_id,
    appointments_past.location_id,
    appointments_past.appointment_type_id,
    appointments_past.start_time,
    appointments_past.end_time,
    appointments_past.duration_minutes,
    appointments_past.status,
    appointments_past.note,
    appointments_past.created_at,
    appointments_past.updated_at,
    appointments_past.raw,
    appointments_past._content_hash,
    appointments_past._run_id,
    appointments_past._loaded_at,
    appointments_past._read_at,
    appointments_past._source,
    appointments_past._deleted_at,
    appointments_past._version,
    appointments_past.valid_from,
    appointments_past.valid_to,
    appointments_past._version AS version
   FROM lobbie_history.appointments_past
UNION ALL
 SELECT appointments.account_id,
    appointments.id,
    appointments.patient_id,
    appointments.practitioner_id,
    appointments.location_id,
    appointments.appointment_type_id,
    appointments.start_time,
    appointments.end_time,
    appointments.duration_minutes,
    appointments.status,
    appointments.note,
    appointments.created_at,
    appointments.updated_at,
    appointments.raw,
    appointments._content_hash,
    appointments._run_id,
    appointments._loaded_at,
    appointments._read_at,
    appointments._source,
    appointments._deleted_at,
    appointments._version,
    appointments._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    appointments._version AS version
   FROM lobbie.appointments;

CREATE VIEW lobbie_history.categories AS
 SELECT categories_past.account_id,
    categories_past.id,
    categories_past.name,
    categories_past.description,
    categories_past.color,
    categories_past.active,
    categories_past.is_default,
    categories_past.patient_count,
    categories_past.sort_order,
    categories_past.created_at,
    categories_past.updated_at,
    categories_past.raw,
    categories_past._content_hash,
    categories_past._run_id,
    categories_past._loaded_at,
    categories_past._read_at,
    categories_past._source,
    categories_past._deleted_at,
    categories_past._version,
    categories_past.valid_from,
    categories_past.valid_to,
    categories_past._version AS version
   FROM lobbie_history.categories_past
UNION ALL
 SELECT categories.account_id,
    categories.id,
    categories.name,
    categories.description,
    categories.color,
    categories.active,
    categories.is_default,
    categories.patient_count,
    categories.sort_order,
    categories.created_at,
    categories.updated_at,
    categories.raw,
    categories._content_hash,
    categories._run_id,
    categories._loaded_at,
    categories._read_at,
    categories._source,
    categories._deleted_at,
    categories._version,
    categories._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    categories._version AS version
   FROM lobbie.categories;

CREATE VIEW lobbie_history.category_transitions AS
 SELECT category_transitions_past.account_id,
    category_transitions_past.id,
    category_transitions_past.patient_id,
    category_transitions_past.from_category_id,
    category_transitions_past.from_category_name,
    category_transitions_past.to_category_id,
    category_transitions_past.to_category_name,
    category_transitions_past.trigger,
    category_transitions_past.reason,
    category_transitions_past.changed_by,
    category_transitions_past.transitioned_at,
    category_transitions_past.raw,
    category_transitions_past._content_hash,
    category_transitions_past._run_id,
    category_transitions_past._loaded_at,
    category_transitions_past._read_at,
    category_transitions_past._source,
    category_transitions_past._deleted_at,
    category_transitions_past._version,
    category_transitions_past.valid_from,
    category_transitions_past.valid_to,
    category_transitions_past._version AS version
   FROM lobbie_history.category_transitions_past
UNION ALL
 SELECT category_transitions.account_id,
    category_transitions.id,
    category_transitions.patient_id,
    category_transitions.from_category_id,
    category_transitions.from_category_name,
    category_transitions.to_category_id,
    category_transitions.to_category_name,
    category_transitions.trigger,
    category_transitions.reason,
    category_transitions.changed_by,
    category_transitions.transitioned_at,
    category_transitions.raw,
    category_transitions._content_hash,
    category_transitions._run_id,
    category_transitions._loaded_at,
    category_transitions._read_at,
    category_transitions._source,
    category_transitions._deleted_at,
    category_transitions._version,
    category_transitions._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    category_transitions._version AS version
   FROM lobbie.category_transitions;

CREATE VIEW lobbie_history.crm_status_groups AS
 SELECT crm_status_groups_past.account_id,
    crm_status_groups_past.id,
    crm_status_groups_past.name,
    crm_status_groups_past.description,
    crm_status_groups_past.active,
    crm_status_groups_past.created_at,
    crm_status_groups_past.updated_at,
    crm_status_groups_past.raw,
    crm_status_groups_past._content_hash,
    crm_status_groups_past._run_id,
    crm_status_groups_past._loaded_at,
    crm_status_groups_past._read_at,
    crm_status_groups_past._source,
    crm_status_groups_past._deleted_at,
    crm_status_groups_past._version,
    crm_status_groups_past.valid_from,
    crm_status_groups_past.valid_to,
    crm_status_groups_past._version AS version
   FROM lobbie_history.crm_status_groups_past
UNION ALL
 SELECT crm_status_groups.account_id,
    crm_status_groups.id,
    crm_status_groups.name,
    crm_status_groups.description,
    crm_status_groups.active,
    crm_status_groups.created_at,
    crm_status_groups.updated_at,
    crm_status_groups.raw,
    crm_status_groups._content_hash,
    crm_status_groups._run_id,
    crm_status_groups._loaded_at,
    crm_status_groups._read_at,
    crm_status_groups._source,
    crm_status_groups._deleted_at,
    crm_status_groups._version,
    crm_status_groups._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    crm_status_groups._version AS version
   FROM lobbie.crm_status_groups;

CREATE VIEW lobbie_history.crm_statuses AS
 SELECT crm_statuses_past.account_id,
    crm_statuses_past.id,
    crm_statuses_past.group_id,
    crm_statuses_past.name,
    crm_statuses_past.description,
    crm_statuses_past.color,
    crm_statuses_past."order",
    crm_statuses_past.is_terminal,
    crm_statuses_past.active,
    crm_statuses_past.created_at,
    crm_statuses_past.updated_at,
    crm_statuses_past.raw,
    crm_statuses_past._content_hash,
    crm_statuses_past._run_id,
    crm_statuses_past._loaded_at,
    crm_statuses_past._read_at,
    crm_statuses_past._source,
    crm_statuses_past._deleted_at,
    crm_statuses_past._version,
    crm_statuses_past.valid_from,
    crm_statuses_past.valid_to,
    crm_statuses_past._version AS version
   FROM lobbie_history.crm_statuses_past
UNION ALL
 SELECT crm_statuses.account_id,
    crm_statuses.id,
    crm_statuses.group_id,
    crm_statuses.name,
    crm_statuses.description,
    crm_statuses.color,
    crm_statuses."order",
    crm_statuses.is_terminal,
    crm_statuses.active,
    crm_statuses.created_at,
    crm_statuses.updated_at,
    crm_statuses.raw,
    crm_statuses._content_hash,
    crm_statuses._run_id,
    crm_statuses._loaded_at,
    crm_statuses._read_at,
    crm_statuses._source,
    crm_statuses._deleted_at,
    crm_statuses._version,
    crm_statuses._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    crm_statuses._version AS version
   FROM lobbie.crm_statuses;

CREATE VIEW lobbie_history.form_answers AS
 SELECT form_answers_past.account_id,
    form_answers_past.form_element_id,
    form_answers_past.label,
    form_answers_past.field_type,
    form_answers_past.attribute_name,
    form_answers_past.value,
    form_answers_past.selected_options,
    form_answers_past.location_id,
    form_answers_past.form_id,
    form_answers_past.form_packet_id,
    form_answers_past.raw,
    form_answers_past._content_hash,
    form_answers_past._run_id,
    form_answers_past._loaded_at,
    form_answers_past._read_at,
    form_answers_past._source,
    form_answers_past._deleted_at,
    form_answers_past._version,
    form_answers_past.valid_from,
    form_answers_past.valid_to,
    form_answers_past._version AS version
   FROM lobbie_history.form_answers_past
UNION ALL
 SELECT form_answers.account_id,
    form_answers.form_element_id,
    form_answers.label,
    form_answers.field_type,
    form_answers.attribute_name,
    form_answers.value,
    form_answers.selected_options,
    form_answers.location_id,
    form_answers.form_id,
    form_answers.form_packet_id,
    form_answers.raw,
    form_answers._content_hash,
    form_answers._run_id,
    form_answers._loaded_at,
    form_answers._read_at,
    form_answers._source,
    form_answers._deleted_at,
    form_answers._version,
    form_answers._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    form_answers._version AS version
   FROM lobbie.form_answers;

CREATE VIEW lobbie_history.form_packets AS
 SELECT form_packets_past.account_id,
    form_packets_past.id,
    form_packets_past.patient_id,
    form_packets_past.patient_name,
    form_packets_past.location_id,
    form_packets_past.location_name,
    form_packets_past.status,
    form_packets_past.form_template_ids,
    form_packets_past.forms,
    form_packets_past.is_active,
    form_packets_past.is_archived,
    form_packets_past.due_date,
    form_packets_past.completed_at,
    form_packets_past.created_at,
    form_packets_past.updated_at,
    form_packets_past.raw,
    form_packets_past._content_hash,
    form_packets_past._run_id,
    form_packets_past._loaded_at,
    form_packets_past._read_at,
    form_packets_past._source,
    form_packets_past._deleted_at,
    form_packets_past._version,
    form_packets_past.valid_from,
    form_packets_past.valid_to,
    form_packets_past._version AS version
   FROM lobbie_history.form_packets_past
UNION ALL
 SELECT form_packets.account_id,
    form_packets.id,
    form_packets.patient_id,
    form_packets.patient_name,
    form_packets.location_id,
    form_packets.location_name,
    form_packets.status,
    form_packets.form_template_ids,
    form_packets.forms,
    form_packets.is_active,
    form_packets.is_archived,
    form_packets.due_date,
    form_packets.completed_at,
    form_packets.created_at,
    form_packets.updated_at,
    form_packets.raw,
    form_packets._content_hash,
    form_packets._run_id,
    form_packets._loaded_at,
    form_packets._read_at,
    form_packets._source,
    form_packets._deleted_at,
    form_packets._version,
    form_packets._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    form_packets._version AS version
   FROM lobbie.form_packets;

CREATE VIEW lobbie_history.form_template_attributes AS
 SELECT form_template_attributes_past.account_id,
    form_template_attributes_past.id,
    form_template_attributes_past.name,
    form_template_attributes_past.form_element_id,
    form_template_attributes_past.label,
    form_template_attributes_past.field_type,
    form_template_attributes_past.location_id,
    form_template_attributes_past.form_template_id,
    form_template_attributes_past.raw,
    form_template_attributes_past._content_hash,
    form_template_attributes_past._run_id,
    form_template_attributes_past._loaded_at,
    form_template_attributes_past._read_at,
    form_template_attributes_past._source,
    form_template_attributes_past._deleted_at,
    form_template_attributes_past._version,
    form_template_attributes_past.valid_from,
    form_template_attributes_past.valid_to,
    form_template_attributes_past._version AS version
   FROM lobbie_history.form_template_attributes_past
UNION ALL
 SELECT form_template_attributes.account_id,
    form_template_attributes.id,
    form_template_attributes.name,
    form_template_attributes.form_element_id,
    form_template_attributes.label,
    form_template_attributes.field_type,
    form_template_attributes.location_id,
    form_template_attributes.form_template_id,
    form_template_attributes.raw,
    form_template_attributes._content_hash,
    form_template_attributes._run_id,
    form_template_attributes._loaded_at,
    form_template_attributes._read_at,
    form_template_attributes._source,
    form_template_attributes._deleted_at,
    form_template_attributes._version,
    form_template_attributes._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    form_template_attributes._version AS version
   FROM lobbie.form_template_attributes;

CREATE VIEW lobbie_history.form_template_elements AS
 SELECT form_template_elements_past.account_id,
    form_template_elements_past.id,
    form_template_elements_past.form_template_id,
    form_template_elements_past.label,
    form_template_elements_past.field_type,
    form_template_elements_past.required,
    form_template_elements_past.sort_order,
    form_template_elements_past.attribute_name,
    form_template_elements_past.options,
    form_template_elements_past.visibility,
    form_template_elements_past.editable_by,
    form_template_elements_past.location_id,
    form_template_elements_past.raw,
    form_template_elements_past._content_hash,
    form_template_elements_past._run_id,
    form_template_elements_past._loaded_at,
    form_template_elements_past._read_at,
    form_template_elements_past._source,
    form_template_elements_past._deleted_at,
    form_template_elements_past._version,
    form_template_elements_past.valid_from,
    form_template_elements_past.valid_to,
    form_template_elements_past._version AS version
   FROM lobbie_history.form_template_elements_past
UNION ALL
 SELECT form_template_elements.account_id,
    form_template_elements.id,
    form_template_elements.form_template_id,
    form_template_elements.label,
    form_template_elements.field_type,
    form_template_elements.required,
    form_template_elements.sort_order,
    form_template_elements.attribute_name,
    form_template_elements.options,
    form_template_elements.visibility,
    form_template_elements.editable_by,
    form_template_elements.location_id,
    form_template_elements.raw,
    form_template_elements._content_hash,
    form_template_elements._run_id,
    form_template_elements._loaded_at,
    form_template_elements._read_at,
    form_template_elements._source,
    form_template_elements._deleted_at,
    form_template_elements._version,
    form_template_elements._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    form_template_elements._version AS version
   FROM lobbie.form_template_elements;

CREATE VIEW lobbie_history.form_template_groups AS
 SELECT form_template_groups_past.account_id,
    form_template_groups_past.id,
    form_template_groups_past.name,
    form_template_groups_past.description,
    form_template_groups_past.active,
    form_template_groups_past.form_template_ids,
    form_template_groups_past.created_at,
    form_template_groups_past.updated_at,
    form_template_groups_past.location_id,
    form_template_groups_past.raw,
    form_template_groups_past._content_hash,
    form_template_groups_past._run_id,
    form_template_groups_past._loaded_at,
    form_template_groups_past._read_at,
    form_template_groups_past._source,
    form_template_groups_past._deleted_at,
    form_template_groups_past._version,
    form_template_groups_past.valid_from,
    form_template_groups_past.valid_to,
    form_template_groups_past._version AS version
   FROM lobbie_history.form_template_groups_past
UNION ALL
 SELECT form_template_groups.account_id,
    form_template_groups.id,
    form_template_groups.name,
    form_template_groups.description,
    form_template_groups.active,
    form_template_groups.form_template_ids,
    form_template_groups.created_at,
    form_template_groups.updated_at,
    form_template_groups.location_id,
    form_template_groups.raw,
    form_template_groups._content_hash,
    form_template_groups._run_id,
    form_template_groups._loaded_at,
    form_template_groups._read_at,
    form_template_groups._source,
    form_template_groups._deleted_at,
    form_template_groups._version,
    form_template_groups._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    form_template_groups._version AS version
   FROM lobbie.form_template_groups;

CREATE VIEW lobbie_history.form_templates AS
 SELECT form_templates_past.account_id,
    form_templates_past.id,
    form_templates_past.name,
    form_templates_past.description,
    form_templates_past.version,
    form_templates_past.active,
    form_templates_past.staff_only,
    form_templates_past.appointment_type_ids,
    form_templates_past.created_at,
    form_templates_past.updated_at,
    form_templates_past.location_id,
    form_templates_past.raw,
    form_templates_past._content_hash,
    form_templates_past._run_id,
    form_templates_past._loaded_at,
    form_templates_past._read_at,
    form_templates_past._source,
    form_templates_past._deleted_at,
    form_templates_past._version,
    form_templates_past.valid_from,
    form_templates_past.valid_to
   FROM lobbie_history.form_templates_past
UNION ALL
 SELECT form_templates.account_id,
    form_templates.id,
    form_templates.name,
    form_templates.description,
    form_templates.version,
    form_templates.active,
    form_templates.staff_only,
    form_templates.appointment_type_ids,
    form_templates.created_at,
    form_templates.updated_at,
    form_templates.location_id,
    form_templates.raw,
    form_templates._content_hash,
    form_templates._run_id,
    form_templates._loaded_at,
    form_templates._read_at,
    form_templates._source,
    form_templates._deleted_at,
    form_templates._version,
    form_templates._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to
   FROM lobbie.form_templates;

CREATE VIEW lobbie_history.forms AS
 SELECT forms_past.account_id,
    forms_past.id,
    forms_past.form_template_id,
    forms_past.form_template_name,
    forms_past.is_complete,
    forms_past.status,
    forms_past.completion_percentage,
    forms_past.answers,
    forms_past.mapped_answers,
    forms_past.location_id,
    forms_past.form_packet_id,
    forms_past.raw,
    forms_past._content_hash,
    forms_past._run_id,
    forms_past._loaded_at,
    forms_past._read_at,
    forms_past._source,
    forms_past._deleted_at,
    forms_past._version,
    forms_past.valid_from,
    forms_past.valid_to,
    forms_past._version AS version
   FROM lobbie_history.forms_past
UNION ALL
 SELECT forms.account_id,
    forms.id,
    forms.form_template_id,
    forms.form_template_name,
    forms.is_complete,
    forms.status,
    forms.completion_percentage,
    forms.answers,
    forms.mapped_answers,
    forms.location_id,
    forms.form_packet_id,
    forms.raw,
    forms._content_hash,
    forms._run_id,
    forms._loaded_at,
    forms._read_at,
    forms._source,
    forms._deleted_at,
    forms._version,
    forms._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    forms._version AS version
   FROM lobbie.forms;

CREATE VIEW lobbie_history.invoice_line_items AS
 SELECT invoice_line_items_past.account_id,
    invoice_line_items_past.id,
    invoice_line_items_past.invoice_id,
    invoice_line_items_past.appointment_id,
    invoice_line_items_past.care_resource_id,
    invoice_line_items_past.type,
    invoice_line_items_past.code,
    invoice_line_items_past.description,
    invoice_line_items_past.quantity,
    invoice_line_items_past.unit_price_cents,
    invoice_line_items_past.unit_price_display,
    invoice_line_items_past.total_cents,
    invoice_line_items_past.total_display,
    invoice_line_items_past.taxable,
    invoice_line_items_past.sort_order,
    invoice_line_items_past.created_at,
    invoice_line_items_past.updated_at,
    invoice_line_items_past.location_id,
    invoice_line_items_past.raw,
    invoice_line_items_past._content_hash,
    invoice_line_items_past._run_id,
    invoice_line_items_past._loaded_at,
    invoice_line_items_past._read_at,
    invoice_line_items_past._source,
    invoice_line_items_past._deleted_at,
    invoice_line_items_past._version,
    invoice_line_items_past.valid_from,
    invoice_line_items_past.valid_to,
    invoice_line_items_past._version AS version
   FROM lobbie_history.invoice_line_items_past
UNION ALL
 SELECT invoice_line_items.account_id,
    invoice_line_items.id,
    invoice_line_items.invoice_id,
    invoice_line_items.appointment_id,
    invoice_line_items.care_resource_id,
    invoice_line_items.type,
    invoice_line_items.code,
    invoice_line_items.description,
    invoice_line_items.quantity,
    invoice_line_items.unit_price_cents,
    invoice_line_items.unit_price_display,
    invoice_line_items.total_cents,
    invoice_line_items.total_display,
    invoice_line_items.taxable,
    invoice_line_items.sort_order,
    invoice_line_items.created_at,
    invoice_line_items.updated_at,
    invoice_line_items.location_id,
    invoice_line_items.raw,
    invoice_line_items._content_hash,
    invoice_line_items._run_id,
    invoice_line_items._loaded_at,
    invoice_line_items._read_at,
    invoice_line_items._source,
    invoice_line_items._deleted_at,
    invoice_line_items._version,
    invoice_line_items._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    invoice_line_items._version AS version
   FROM lobbie.invoice_line_items;

CREATE VIEW lobbie_history.invoices AS
 SELECT invoices_past.account_id,
    invoices_past.id,
    invoices_past.invoice_number,
    invoices_past.patient_id,
    invoices_past.patient_name,
    invoices_past.location_id,
    invoices_past.location_name,
    invoices_past.appointment_id,
    invoices_past.subscription_id,
    invoices_past.status,
    invoices_past.currency,
    invoices_past.line_items,
    invoices_past.paid_amount,
    invoices_past.refunded_amount,
    invoices_past.subtotal_amount,
    invoices_past.tax_amount,
    invoices_past.total_amount,
    invoices_past.due_date,
    invoices_past.paid_at,
    invoices_past.created_at,
    invoices_past.updated_at,
    invoices_past.raw,
    invoices_past._content_hash,
    invoices_past._run_id,
    invoices_past._loaded_at,
    invoices_past._read_at,
    invoices_past._source,
    invoices_past._deleted_at,
    invoices_past._version,
    invoices_past.valid_from,
    invoices_past.valid_to,
    invoices_past._version AS version
   FROM lobbie_history.invoices_past
UNION ALL
 SELECT invoices.account_id,
    invoices.id,
    invoices.invoice_number,
    invoices.patient_id,
    invoices.patient_name,
    invoices.location_id,
    invoices.location_name,
    invoices.appointment_id,
    invoices.subscription_id,
    invoices.status,
    invoices.currency,
    invoices.line_items,
    invoices.paid_amount,
    invoices.refunded_amount,
    invoices.subtotal_amount,
    invoices.tax_amount,
    invoices.total_amount,
    invoices.due_date,
    invoices.paid_at,
    invoices.created_at,
    invoices.updated_at,
    invoices.raw,
    invoices._content_hash,
    invoices._run_id,
    invoices._loaded_at,
    invoices._read_at,
    invoices._source,
    invoices._deleted_at,
    invoices._version,
    invoices._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    invoices._version AS version
   FROM lobbie.invoices;

CREATE VIEW lobbie_history.lab_test_components AS
 SELECT lab_test_components_past.account_id,
    lab_test_components_past.id,
    lab_test_components_past.name,
    lab_test_components_past.external_id,
    lab_test_components_past.value,
    lab_test_components_past.unit,
    lab_test_components_past.reference_low,
    lab_test_components_past.reference_high,
    lab_test_components_past.reference_text,
    lab_test_components_past.abnormal_flag,
    lab_test_components_past.result_status,
    lab_test_components_past.location_id,
    lab_test_components_past.lab_id,
    lab_test_components_past.panel_id,
    lab_test_components_past.raw,
    lab_test_components_past._content_hash,
    lab_test_components_past._run_id,
    lab_test_components_past._loaded_at,
    lab_test_components_past._read_at,
    lab_test_components_past._source,
    lab_test_components_past._deleted_at,
    lab_test_components_past._version,
    lab_test_components_past.valid_from,
    lab_test_components_past.valid_to,
    lab_test_components_past._version AS version
   FROM lobbie_history.lab_test_components_past
UNION ALL
 SELECT lab_test_components.account_id,
    lab_test_components.id,
    lab_test_components.name,
    lab_test_components.external_id,
    lab_test_components.value,
    lab_test_components.unit,
    lab_test_components.reference_low,
    lab_test_components.reference_high,
    lab_test_components.reference_text,
    lab_test_components.abnormal_flag,
    lab_test_components.result_status,
    lab_test_components.location_id,
    lab_test_components.lab_id,
    lab_test_components.panel_id,
    lab_test_components.raw,
    lab_test_components._content_hash,
    lab_test_components._run_id,
    lab_test_components._loaded_at,
    lab_test_components._read_at,
    lab_test_components._source,
    lab_test_components._deleted_at,
    lab_test_components._version,
    lab_test_components._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    lab_test_components._version AS version
   FROM lobbie.lab_test_components;

CREATE VIEW lobbie_history.lab_test_panels AS
 SELECT lab_test_panels_past.account_id,
    lab_test_panels_past.id,
    lab_test_panels_past.name,
    lab_test_panels_past.components,
    lab_test_panels_past.location_id,
    lab_test_panels_past.lab_id,
    lab_test_panels_past.raw,
    lab_test_panels_past._content_hash,
    lab_test_panels_past._run_id,
    lab_test_panels_past._loaded_at,
    lab_test_panels_past._read_at,
    lab_test_panels_past._source,
    lab_test_panels_past._deleted_at,
    lab_test_panels_past._version,
    lab_test_panels_past.valid_from,
    lab_test_panels_past.valid_to,
    lab_test_panels_past._version AS version
   FROM lobbie_history.lab_test_panels_past
UNION ALL
 SELECT lab_test_panels.account_id,
    lab_test_panels.id,
    lab_test_panels.name,
    lab_test_panels.components,
    lab_test_panels.location_id,
    lab_test_panels.lab_id,
    lab_test_panels.raw,
    lab_test_panels._content_hash,
    lab_test_panels._run_id,
    lab_test_panels._loaded_at,
    lab_test_panels._read_at,
    lab_test_panels._source,
    lab_test_panels._deleted_at,
    lab_test_panels._version,
    lab_test_panels._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    lab_test_panels._version AS version
   FROM lobbie.lab_test_panels;

CREATE VIEW lobbie_history.labs AS
 SELECT labs_past.account_id,
    labs_past.id,
    labs_past.patient_id,
    labs_past.patient_name,
    labs_past.location_id,
    labs_past.appointment_id,
    labs_past.status,
    labs_past.vendor_type,
    labs_past.drawn_by,
    labs_past.external_result,
    labs_past.locked,
    labs_past.manual,
    labs_past.notes,
    labs_past.test_panels,
    labs_past.collected_on,
    labs_past.completed_on,
    labs_past.entry_on,
    labs_past.created_at,
    labs_past.updated_at,
    labs_past.raw,
    labs_past._content_hash,
    labs_past._run_id,
    labs_past._loaded_at,
    labs_past._read_at,
    labs_past._source,
    labs_past._deleted_at,
    labs_past._version,
    labs_past.valid_from,
    labs_past.valid_to,
    labs_past._version AS version
   FROM lobbie_history.labs_past
UNION ALL
 SELECT labs.account_id,
    labs.id,
    labs.patient_id,
    labs.patient_name,
    labs.location_id,
    labs.appointment_id,
    labs.status,
    labs.vendor_type,
    labs.drawn_by,
    labs.external_result,
    labs.locked,
    labs.manual,
    labs.notes,
    labs.test_panels,
    labs.collected_on,
    labs.completed_on,
    labs.entry_on,
    labs.created_at,
    labs.updated_at,
    labs.raw,
    labs._content_hash,
    labs._run_id,
    labs._loaded_at,
    labs._read_at,
    labs._source,
    labs._deleted_at,
    labs._version,
    labs._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    labs._version AS version
   FROM lobbie.labs;

CREATE VIEW lobbie_history.locations AS
 SELECT locations_past.account_id,
    locations_past.id,
    locations_past.name,
    locations_past.active,
    locations_past.store_id,
    locations_past.phone_number,
    locations_past.time_zone,
    locations_past.address,
    locations_past.created_at,
    locations_past.updated_at,
    locations_past.raw,
    locations_past._content_hash,
    locations_past._run_id,
    locations_past._loaded_at,
    locations_past._read_at,
    locations_past._source,
    locations_past._deleted_at,
    locations_past._version,
    locations_past.valid_from,
    locations_past.valid_to,
    locations_past._version AS version
   FROM lobbie_history.locations_past
UNION ALL
 SELECT locations.account_id,
    locations.id,
    locations.name,
    locations.active,
    locations.store_id,
    locations.phone_number,
    locations.time_zone,
    locations.address,
    locations.created_at,
    locations.updated_at,
    locations.raw,
    locations._content_hash,
    locations._run_id,
    locations._loaded_at,
    locations._read_at,
    locations._source,
    locations._deleted_at,
    locations._version,
    locations._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    locations._version AS version
   FROM lobbie.locations;

CREATE VIEW lobbie_history.medications AS
 SELECT medications_past.account_id,
    medications_past.id,
    medications_past.patient_id,
    medications_past.medication,
    medications_past.dosage,
    medications_past.dosage_instructions,
    medications_past.status,
    medications_past.active,
    medications_past.start_date,
    medications_past.end_date,
    medications_past.comment,
    medications_past.reference_id,
    medications_past.created_at,
    medications_past.created_by,
    medications_past.updated_at,
    medications_past.updated_by,
    medications_past.raw,
    medications_past._content_hash,
    medications_past._run_id,
    medications_past._loaded_at,
    medications_past._read_at,
    medications_past._source,
    medications_past._deleted_at,
    medications_past._version,
    medications_past.valid_from,
    medications_past.valid_to,
    medications_past._version AS version
   FROM lobbie_history.medications_past
UNION ALL
 SELECT medications.account_id,
    medications.id,
    medications.patient_id,
    medications.medication,
    medications.dosage,
    medications.dosage_instructions,
    medications.status,
    medications.active,
    medications.start_date,
    medications.end_date,
    medications.comment,
    medications.reference_id,
    medications.created_at,
    medications.created_by,
    medications.updated_at,
    medications.updated_by,
    medications.raw,
    medications._content_hash,
    medications._run_id,
    medications._loaded_at,
    medications._read_at,
    medications._source,
    medications._deleted_at,
    medications._version,
    medications._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    medications._version AS version
   FROM lobbie.medications;

CREATE VIEW lobbie_history.notification_groups AS
 SELECT notification_groups_past.account_id,
    notification_groups_past.id,
    notification_groups_past.location_id,
    notification_groups_past.patient_id,
    notification_groups_past.name,
    notification_groups_past.type,
    notification_groups_past.appointment_id,
    notification_groups_past.form_packet_id,
    notification_groups_past.payment_request_id,
    notification_groups_past.created_at,
    notification_groups_past.updated_at,
    notification_groups_past.raw,
    notification_groups_past._content_hash,
    notification_groups_past._run_id,
    notification_groups_past._loaded_at,
    notification_groups_past._read_at,
    notification_groups_past._source,
    notification_groups_past._deleted_at,
    notification_groups_past._version,
    notification_groups_past.valid_from,
    notification_groups_past.valid_to,
    notification_groups_past._version AS version
   FROM lobbie_history.notification_groups_past
UNION ALL
 SELECT notification_groups.account_id,
    notification_groups.id,
    notification_groups.location_id,
    notification_groups.patient_id,
    notification_groups.name,
    notification_groups.type,
    notification_groups.appointment_id,
    notification_groups.form_packet_id,
    notification_groups.payment_request_id,
    notification_groups.created_at,
    notification_groups.updated_at,
    notification_groups.raw,
    notification_groups._content_hash,
    notification_groups._run_id,
    notification_groups._loaded_at,
    notification_groups._read_at,
    notification_groups._source,
    notification_groups._deleted_at,
    notification_groups._version,
    notification_groups._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    notification_groups._version AS version
   FROM lobbie.notification_groups;

CREATE VIEW lobbie_history.notifications AS
 SELECT notifications_past.account_id,
    notifications_past.id,
    notifications_past.patient_id,
    notifications_past.location_id,
    notifications_past.notification_group_id,
    notifications_past.type,
    notifications_past.email_status,
    notifications_past.sms_status,
    notifications_past.email_sent_at,
    notifications_past.sms_sent_at,
    notifications_past.scheduled_for,
    notifications_past.created_at,
    notifications_past.updated_at,
    notifications_past.raw,
    notifications_past._content_hash,
    notifications_past._run_id,
    notifications_past._loaded_at,
    notifications_past._read_at,
    notifications_past._source,
    notifications_past._deleted_at,
    notifications_past._version,
    notifications_past.valid_from,
    notifications_past.valid_to,
    notifications_past._version AS version
   FROM lobbie_history.notifications_past
UNION ALL
 SELECT notifications.account_id,
    notifications.id,
    notifications.patient_id,
    notifications.location_id,
    notifications.notification_group_id,
    notifications.type,
    notifications.email_status,
    notifications.sms_status,
    notifications.email_sent_at,
    notifications.sms_sent_at,
    notifications.scheduled_for,
    notifications.created_at,
    notifications.updated_at,
    notifications.raw,
    notifications._content_hash,
    notifications._run_id,
    notifications._loaded_at,
    notifications._read_at,
    notifications._source,
    notifications._deleted_at,
    notifications._version,
    notifications._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    notifications._version AS version
   FROM lobbie.notifications;

CREATE VIEW lobbie_history.patient_categories AS
 SELECT patient_categories_past.account_id,
    patient_categories_past.patient_id,
    patient_categories_past.category_id,
    patient_categories_past.category_name,
    patient_categories_past.category_color,
    patient_categories_past.assigned_at,
    patient_categories_past.assigned_by,
    patient_categories_past.raw,
    patient_categories_past._content_hash,
    patient_categories_past._run_id,
    patient_categories_past._loaded_at,
    patient_categories_past._read_at,
    patient_categories_past._source,
    patient_categories_past._deleted_at,
    patient_categories_past._version,
    patient_categories_past.valid_from,
    patient_categories_past.valid_to,
    patient_categories_past._version AS version
   FROM lobbie_history.patient_categories_past
UNION ALL
 SELECT patient_categories.account_id,
    patient_categories.patient_id,
    patient_categories.category_id,
    patient_categories.category_name,
    patient_categories.category_color,
    patient_categories.assigned_at,
    patient_categories.assigned_by,
    patient_categories.raw,
    patient_categories._content_hash,
    patient_categories._run_id,
    patient_categories._loaded_at,
    patient_categories._read_at,
    patient_categories._source,
    patient_categories._deleted_at,
    patient_categories._version,
    patient_categories._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    patient_categories._version AS version
   FROM lobbie.patient_categories;

CREATE VIEW lobbie_history.patients AS
 SELECT patients_past.account_id,
    patients_past.id,
    patients_past.first_name,
    patients_past.last_name,
    patients_past.date_of_birth,
    patients_past.email,
    patients_past.mobile_phone,
    patients_past.gender,
    patients_past.home_address,
    patients_past.mailing_address,
    patients_past.created_at,
    patients_past.updated_at,
    patients_past.raw,
    patients_past._content_hash,
    patients_past._run_id,
    patients_past._loaded_at,
    patients_past._read_at,
    patients_past._source,
    patients_past._deleted_at,
    patients_past._version,
    patients_past.valid_from,
    patients_past.valid_to,
    patients_past._version AS version
   FROM lobbie_history.patients_past
UNION ALL
 SELECT patients.account_id,
    patients.id,
    patients.first_name,
    patients.last_name,
    patients.date_of_birth,
    patients.email,
    patients.mobile_phone,
    patients.gender,
    patients.home_address,
    patients.mailing_address,
    patients.created_at,
    patients.updated_at,
    patients.raw,
    patients._content_hash,
    patients._run_id,
    patients._loaded_at,
    patients._read_at,
    patients._source,
    patients._deleted_at,
    patients._version,
    patients._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    patients._version AS version
   FROM lobbie.patients;

CREATE VIEW lobbie_history.payment_requests AS
 SELECT payment_requests_past.account_id,
    payment_requests_past.id,
    payment_requests_past.patient_id,
    payment_requests_past.patient_name,
    payment_requests_past.appointment_id,
    payment_requests_past.invoice_id,
    payment_requests_past.description,
    payment_requests_past.status,
    payment_requests_past.amount_cents,
    payment_requests_past.amount_display,
    payment_requests_past.amount_paid_cents,
    payment_requests_past.amount_paid_display,
    payment_requests_past.amount_remaining_cents,
    payment_requests_past.amount_remaining_display,
    payment_requests_past.payment_url,
    payment_requests_past.void_reason,
    payment_requests_past.expires_at,
    payment_requests_past.paid_at,
    payment_requests_past.created_at,
    payment_requests_past.updated_at,
    payment_requests_past.location_id,
    payment_requests_past.raw,
    payment_requests_past._content_hash,
    payment_requests_past._run_id,
    payment_requests_past._loaded_at,
    payment_requests_past._read_at,
    payment_requests_past._source,
    payment_requests_past._deleted_at,
    payment_requests_past._version,
    payment_requests_past.valid_from,
    payment_requests_past.valid_to,
    payment_requests_past._version AS version
   FROM lobbie_history.payment_requests_past
UNION ALL
 SELECT payment_requests.account_id,
    payment_requests.id,
    payment_requests.patient_id,
    payment_requests.patient_name,
    payment_requests.appointment_id,
    payment_requests.invoice_id,
    payment_requests.description,
    payment_requests.status,
    payment_requests.amount_cents,
    payment_requests.amount_display,
    payment_requests.amount_paid_cents,
    payment_requests.amount_paid_display,
    payment_requests.amount_remaining_cents,
    payment_requests.amount_remaining_display,
    payment_requests.payment_url,
    payment_requests.void_reason,
    payment_requests.expires_at,
    payment_requests.paid_at,
    payment_requests.created_at,
    payment_requests.updated_at,
    payment_requests.location_id,
    payment_requests.raw,
    payment_requests._content_hash,
    payment_requests._run_id,
    payment_requests._loaded_at,
    payment_requests._read_at,
    payment_requests._source,
    payment_requests._deleted_at,
    payment_requests._version,
    payment_requests._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    payment_requests._version AS version
   FROM lobbie.payment_requests;

CREATE VIEW lobbie_history.problems AS
 SELECT problems_past.account_id,
    problems_past.id,
    problems_past.patient_id,
    problems_past.problem,
    problems_past.icd10_code,
    problems_past.status,
    problems_past.active,
    problems_past.onset_date,
    problems_past.end_date,
    problems_past.comment,
    problems_past.reference_id,
    problems_past.created_at,
    problems_past.created_by,
    problems_past.updated_at,
    problems_past.updated_by,
    problems_past.raw,
    problems_past._content_hash,
    problems_past._run_id,
    problems_past._loaded_at,
    problems_past._read_at,
    problems_past._source,
    problems_past._deleted_at,
    problems_past._version,
    problems_past.valid_from,
    problems_past.valid_to,
    problems_past._version AS version
   FROM lobbie_history.problems_past
UNION ALL
 SELECT problems.account_id,
    problems.id,
    problems.patient_id,
    problems.problem,
    problems.icd10_code,
    problems.status,
    problems.active,
    problems.onset_date,
    problems.end_date,
    problems.comment,
    problems.reference_id,
    problems.created_at,
    problems.created_by,
    problems.updated_at,
    problems.updated_by,
    problems.raw,
    problems._content_hash,
    problems._run_id,
    problems._loaded_at,
    problems._read_at,
    problems._source,
    problems._deleted_at,
    problems._version,
    problems._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    problems._version AS version
   FROM lobbie.problems;

CREATE VIEW lobbie_history.recurring_payments AS
 SELECT recurring_payments_past.account_id,
    recurring_payments_past.id,
    recurring_payments_past.patient_id,
    recurring_payments_past.patient_name,
    recurring_payments_past.description,
    recurring_payments_past.status,
    recurring_payments_past.frequency,
    recurring_payments_past.amount_cents,
    recurring_payments_past.amount_display,
    recurring_payments_past.card_brand,
    recurring_payments_past.card_last4,
    recurring_payments_past.completed_payments,
    recurring_payments_past.remaining_payments,
    recurring_payments_past.total_payments,
    recurring_payments_past.next_payment_date,
    recurring_payments_past.start_date,
    recurring_payments_past.end_date,
    recurring_payments_past.created_at,
    recurring_payments_past.updated_at,
    recurring_payments_past.location_id,
    recurring_payments_past.raw,
    recurring_payments_past._content_hash,
    recurring_payments_past._run_id,
    recurring_payments_past._loaded_at,
    recurring_payments_past._read_at,
    recurring_payments_past._source,
    recurring_payments_past._deleted_at,
    recurring_payments_past._version,
    recurring_payments_past.valid_from,
    recurring_payments_past.valid_to,
    recurring_payments_past._version AS version
   FROM lobbie_history.recurring_payments_past
UNION ALL
 SELECT recurring_payments.account_id,
    recurring_payments.id,
    recurring_payments.patient_id,
    recurring_payments.patient_name,
    recurring_payments.description,
    recurring_payments.status,
    recurring_payments.frequency,
    recurring_payments.amount_cents,
    recurring_payments.amount_display,
    recurring_payments.card_brand,
    recurring_payments.card_last4,
    recurring_payments.completed_payments,
    recurring_payments.remaining_payments,
    recurring_payments.total_payments,
    recurring_payments.next_payment_date,
    recurring_payments.start_date,
    recurring_payments.end_date,
    recurring_payments.created_at,
    recurring_payments.updated_at,
    recurring_payments.location_id,
    recurring_payments.raw,
    recurring_payments._content_hash,
    recurring_payments._run_id,
    recurring_payments._loaded_at,
    recurring_payments._read_at,
    recurring_payments._source,
    recurring_payments._deleted_at,
    recurring_payments._version,
    recurring_payments._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    recurring_payments._version AS version
   FROM lobbie.recurring_payments;

CREATE VIEW lobbie_history.remote_care_services AS
 SELECT remote_care_services_past.account_id,
    remote_care_services_past.id,
    remote_care_services_past.name,
    remote_care_services_past.description,
    remote_care_services_past.active,
    remote_care_services_past.appointment_type_id,
    remote_care_services_past.price_cents,
    remote_care_services_past.price_display,
    remote_care_services_past.sort_order,
    remote_care_services_past.created_at,
    remote_care_services_past.updated_at,
    remote_care_services_past.location_id,
    remote_care_services_past.raw,
    remote_care_services_past._content_hash,
    remote_care_services_past._run_id,
    remote_care_services_past._loaded_at,
    remote_care_services_past._read_at,
    remote_care_services_past._source,
    remote_care_services_past._deleted_at,
    remote_care_services_past._version,
    remote_care_services_past.valid_from,
    remote_care_services_past.valid_to,
    remote_care_services_past._version AS version
   FROM lobbie_history.remote_care_services_past
UNION ALL
 SELECT remote_care_services.account_id,
    remote_care_services.id,
    remote_care_services.name,
    remote_care_services.description,
    remote_care_services.active,
    remote_care_services.appointment_type_id,
    remote_care_services.price_cents,
    remote_care_services.price_display,
    remote_care_services.sort_order,
    remote_care_services.created_at,
    remote_care_services.updated_at,
    remote_care_services.location_id,
    remote_care_services.raw,
    remote_care_services._content_hash,
    remote_care_services._run_id,
    remote_care_services._loaded_at,
    remote_care_services._read_at,
    remote_care_services._source,
    remote_care_services._deleted_at,
    remote_care_services._version,
    remote_care_services._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    remote_care_services._version AS version
   FROM lobbie.remote_care_services;

CREATE VIEW lobbie_history.remote_care_settings AS
 SELECT remote_care_settings_past.account_id,
    remote_care_settings_past.id,
    remote_care_settings_past.location_id,
    remote_care_settings_past.active,
    remote_care_settings_past.default_staff_id,
    remote_care_settings_past.self_scheduling_setting_ids,
    remote_care_settings_past.created_at,
    remote_care_settings_past.updated_at,
    remote_care_settings_past.raw,
    remote_care_settings_past._content_hash,
    remote_care_settings_past._run_id,
    remote_care_settings_past._loaded_at,
    remote_care_settings_past._read_at,
    remote_care_settings_past._source,
    remote_care_settings_past._deleted_at,
    remote_care_settings_past._version,
    remote_care_settings_past.valid_from,
    remote_care_settings_past.valid_to,
    remote_care_settings_past._version AS version
   FROM lobbie_history.remote_care_settings_past
UNION ALL
 SELECT remote_care_settings.account_id,
    remote_care_settings.id,
    remote_care_settings.location_id,
    remote_care_settings.active,
    remote_care_settings.default_staff_id,
    remote_care_settings.self_scheduling_setting_ids,
    remote_care_settings.created_at,
    remote_care_settings.updated_at,
    remote_care_settings.raw,
    remote_care_settings._content_hash,
    remote_care_settings._run_id,
    remote_care_settings._loaded_at,
    remote_care_settings._read_at,
    remote_care_settings._source,
    remote_care_settings._deleted_at,
    remote_care_settings._version,
    remote_care_settings._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    remote_care_settings._version AS version
   FROM lobbie.remote_care_settings;

CREATE VIEW lobbie_history.role_groups AS
 SELECT role_groups_past.id,
    role_groups_past.name,
    role_groups_past.description,
    role_groups_past.raw,
    role_groups_past._content_hash,
    role_groups_past._run_id,
    role_groups_past._loaded_at,
    role_groups_past._read_at,
    role_groups_past._source,
    role_groups_past._deleted_at,
    role_groups_past._version,
    role_groups_past.valid_from,
    role_groups_past.valid_to,
    role_groups_past._version AS version
   FROM lobbie_history.role_groups_past
UNION ALL
 SELECT role_groups.id,
    role_groups.name,
    role_groups.description,
    role_groups.raw,
    role_groups._content_hash,
    role_groups._run_id,
    role_groups._loaded_at,
    role_groups._read_at,
    role_groups._source,
    role_groups._deleted_at,
    role_groups._version,
    role_groups._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    role_groups._version AS version
   FROM lobbie.role_groups;

CREATE VIEW lobbie_history.self_scheduling_settings AS
 SELECT self_scheduling_settings_past.account_id,
    self_scheduling_settings_past.id,
    self_scheduling_settings_past.name,
    self_scheduling_settings_past.active,
    self_scheduling_settings_past.appointment_type_ids,
    self_scheduling_settings_past.appointment_type_selectable,
    self_scheduling_settings_past.appointment_type_visible,
    self_scheduling_settings_past.fixed_appointment_type_id,
    self_scheduling_settings_past.location_ids,
    self_scheduling_settings_past.location_selectable,
    self_scheduling_settings_past.location_visible,
    self_scheduling_settings_past.fixed_location_id,
    self_scheduling_settings_past.practitioner_ids,
    self_scheduling_settings_past.forward_booking_limit,
    self_scheduling_settings_past.forward_booking_limit_active,
    self_scheduling_settings_past.forward_booking_limit_unit,
    self_scheduling_settings_past.afterward_booking_limit,
    self_scheduling_settings_past.afterward_booking_limit_active,
    self_scheduling_settings_past.afterward_booking_limit_unit,
    self_scheduling_settings_past.practitioner_selectable,
    self_scheduling_settings_past.practitioner_visible,
    self_scheduling_settings_past.verification_method,
    self_scheduling_settings_past.scheduler_configs,
    self_scheduling_settings_past.raw,
    self_scheduling_settings_past._content_hash,
    self_scheduling_settings_past._run_id,
    self_scheduling_settings_past._loaded_at,
    self_scheduling_settings_past._read_at,
    self_scheduling_settings_past._source,
    self_scheduling_settings_past._deleted_at,
    self_scheduling_settings_past._version,
    self_scheduling_settings_past.valid_from,
    self_scheduling_settings_past.valid_to,
    self_scheduling_settings_past._version AS version
   FROM lobbie_history.self_scheduling_settings_past
UNION ALL
 SELECT self_scheduling_settings.account_id,
    self_scheduling_settings.id,
    self_scheduling_settings.name,
    self_scheduling_settings.active,
    self_scheduling_settings.appointment_type_ids,
    self_scheduling_settings.appointment_type_selectable,
    self_scheduling_settings.appointment_type_visible,
    self_scheduling_settings.fixed_appointment_type_id,
    self_scheduling_settings.location_ids,
    self_scheduling_settings.location_selectable,
    self_scheduling_settings.location_visible,
    self_scheduling_settings.fixed_location_id,
    self_scheduling_settings.practitioner_ids,
    self_scheduling_settings.forward_booking_limit,
    self_scheduling_settings.forward_booking_limit_active,
    self_scheduling_settings.forward_booking_limit_unit,
    self_scheduling_settings.afterward_booking_limit,
    self_scheduling_settings.afterward_booking_limit_active,
    self_scheduling_settings.afterward_booking_limit_unit,
    self_scheduling_settings.practitioner_selectable,
    self_scheduling_settings.practitioner_visible,
    self_scheduling_settings.verification_method,
    self_scheduling_settings.scheduler_configs,
    self_scheduling_settings.raw,
    self_scheduling_settings._content_hash,
    self_scheduling_settings._run_id,
    self_scheduling_settings._loaded_at,
    self_scheduling_settings._read_at,
    self_scheduling_settings._source,
    self_scheduling_settings._deleted_at,
    self_scheduling_settings._version,
    self_scheduling_settings._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    self_scheduling_settings._version AS version
   FROM lobbie.self_scheduling_settings;

CREATE VIEW lobbie_history.staff AS
 SELECT staff_past.account_id,
    staff_past.id,
    staff_past.first_name,
    staff_past.last_name,
    staff_past.email,
    staff_past.active,
    staff_past.is_practitioner,
    staff_past.credentials,
    staff_past.npi,
    staff_past.specialties,
    staff_past.licenses,
    staff_past.location_ids,
    staff_past.role_group_ids,
    staff_past.created_at,
    staff_past.updated_at,
    staff_past.raw,
    staff_past._content_hash,
    staff_past._run_id,
    staff_past._loaded_at,
    staff_past._read_at,
    staff_past._source,
    staff_past._deleted_at,
    staff_past._version,
    staff_past.valid_from,
    staff_past.valid_to,
    staff_past._version AS version
   FROM lobbie_history.staff_past
UNION ALL
 SELECT staff.account_id,
    staff.id,
    staff.first_name,
    staff.last_name,
    staff.email,
    staff.active,
    staff.is_practitioner,
    staff.credentials,
    staff.npi,
    staff.specialties,
    staff.licenses,
    staff.location_ids,
    staff.role_group_ids,
    staff.created_at,
    staff.updated_at,
    staff.raw,
    staff._content_hash,
    staff._run_id,
    staff._loaded_at,
    staff._read_at,
    staff._source,
    staff._deleted_at,
    staff._version,
    staff._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    staff._version AS version
   FROM lobbie.staff;

CREATE VIEW lobbie_history.webhook_endpoints AS
 SELECT webhook_endpoints_past.account_id,
    webhook_endpoints_past.id,
    webhook_endpoints_past.url,
    webhook_endpoints_past.name,
    webhook_endpoints_past.event_types,
    webhook_endpoints_past.enabled,
    webhook_endpoints_past.last_delivery,
    webhook_endpoints_past.created_at,
    webhook_endpoints_past.updated_at,
    webhook_endpoints_past.raw,
    webhook_endpoints_past._content_hash,
    webhook_endpoints_past._run_id,
    webhook_endpoints_past._loaded_at,
    webhook_endpoints_past._read_at,
    webhook_endpoints_past._source,
    webhook_endpoints_past._deleted_at,
    webhook_endpoints_past._version,
    webhook_endpoints_past.valid_from,
    webhook_endpoints_past.valid_to,
    webhook_endpoints_past._version AS version
   FROM lobbie_history.webhook_endpoints_past
UNION ALL
 SELECT webhook_endpoints.account_id,
    webhook_endpoints.id,
    webhook_endpoints.url,
    webhook_endpoints.name,
    webhook_endpoints.event_types,
    webhook_endpoints.enabled,
    webhook_endpoints.last_delivery,
    webhook_endpoints.created_at,
    webhook_endpoints.updated_at,
    webhook_endpoints.raw,
    webhook_endpoints._content_hash,
    webhook_endpoints._run_id,
    webhook_endpoints._loaded_at,
    webhook_endpoints._read_at,
    webhook_endpoints._source,
    webhook_endpoints._deleted_at,
    webhook_endpoints._version,
    webhook_endpoints._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    webhook_endpoints._version AS version
   FROM lobbie.webhook_endpoints;

CREATE VIEW lobbie_history.webhook_event_types AS
 SELECT webhook_event_types_past.account_id,
    webhook_event_types_past.event_type,
    webhook_event_types_past.description,
    webhook_event_types_past.raw,
    webhook_event_types_past._content_hash,
    webhook_event_types_past._run_id,
    webhook_event_types_past._loaded_at,
    webhook_event_types_past._read_at,
    webhook_event_types_past._source,
    webhook_event_types_past._deleted_at,
    webhook_event_types_past._version,
    webhook_event_types_past.valid_from,
    webhook_event_types_past.valid_to,
    webhook_event_types_past._version AS version
   FROM lobbie_history.webhook_event_types_past
UNION ALL
 SELECT webhook_event_types.account_id,
    webhook_event_types.event_type,
    webhook_event_types.description,
    webhook_event_types.raw,
    webhook_event_types._content_hash,
    webhook_event_types._run_id,
    webhook_event_types._loaded_at,
    webhook_event_types._read_at,
    webhook_event_types._source,
    webhook_event_types._deleted_at,
    webhook_event_types._version,
    webhook_event_types._loaded_at AS valid_from,
    NULL::timestamp with time zone AS valid_to,
    webhook_event_types._version AS version
   FROM lobbie.webhook_event_types;

CREATE VIEW lobbie_sync.freshness AS
 SELECT l.account_id,
    NULLIF(l.location_id, 0) AS location_id,
    l.resource,
    l.operation,
    l.last_certified_at,
    l.oldest_checked_at,
    t.rows
   FROM lobbie_sync.list_state l
     LEFT JOIN lobbie_sync.table_rows t ON t.account_id = l.account_id AND t.resource = l.resource AND t.location_id = l.location_id
  WHERE NOT (EXISTS ( SELECT
           FROM lobbie.locations p
          WHERE p.account_id = l.account_id AND p.id = l.location_id AND p._deleted_at IS NOT NULL)) AND NOT (EXISTS ( SELECT
           FROM lobbie_sync.closed_locations c
          WHERE c.account_id = l.account_id AND c.location_id = l.location_id)) AND NOT (EXISTS ( SELECT
           FROM lobbie_sync.resources_off o
          WHERE o.account_id = l.account_id AND o.resource = l.resource));

CREATE VIEW lobbie_sync.living_runs AS
 SELECT id,
    kind,
    started_at
   FROM lobbie_sync.runs r
  WHERE status = 'running'::text AND (EXISTS ( SELECT
           FROM pg_locks l
          WHERE l.locktype = 'advisory'::text AND l.granted AND l.classid::bigint = '01101100011011110110001001100010'::"bit"::bigint AND l.objid::bigint = (r.id % '4294967296'::bigint) AND l.database = (( SELECT pg_database.oid
                   FROM pg_database
                  WHERE pg_database.datname = current_database()))));

CREATE VIEW lobbie_sync.open_locations AS
 SELECT account_id,
    id
   FROM lobbie.locations p
  WHERE _deleted_at IS NULL AND NOT (EXISTS ( SELECT
           FROM lobbie_sync.closed_locations c
          WHERE c.account_id = p.account_id AND c.location_id = p.id));

CREATE OR REPLACE FUNCTION lobbie_history.allergies_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.allergies
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.allergies h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.appointment_types_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.appointment_types
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.appointment_types h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.appointments_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.appointments
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.appointments h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.categories_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.categories
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.categories h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.category_transitions_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.category_transitions
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.category_transitions h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.crm_status_groups_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.crm_status_groups
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.crm_status_groups h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.crm_statuses_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.crm_statuses
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.crm_statuses h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_answers_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_answers
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_answers h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_packets_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_packets
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_packets h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_template_attributes_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_template_attributes
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_template_attributes h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_template_elements_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_template_elements
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_template_elements h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_template_groups_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_template_groups
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_template_groups h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.form_templates_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.form_templates
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.form_templates h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.forms_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.forms
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.forms h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.invoice_line_items_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.invoice_line_items
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.invoice_line_items h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.invoices_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.invoices
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.invoices h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.lab_test_components_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.lab_test_components
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.lab_test_components h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.lab_test_panels_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.lab_test_panels
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.lab_test_panels h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.labs_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.labs
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.labs h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.locations_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.locations
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.locations h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.medications_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.medications
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.medications h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.notification_groups_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.notification_groups
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.notification_groups h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.notifications_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.notifications
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.notifications h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.patient_categories_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.patient_categories
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.patient_categories h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.patients_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.patients
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.patients h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.payment_requests_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.payment_requests
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.payment_requests h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.problems_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.problems
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.problems h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.recurring_payments_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.recurring_payments
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.recurring_payments h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.remote_care_services_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.remote_care_services
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.remote_care_services h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.remote_care_settings_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.remote_care_settings
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.remote_care_settings h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.role_groups_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.role_groups
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.role_groups h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.self_scheduling_settings_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.self_scheduling_settings
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.self_scheduling_settings h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.staff_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.staff
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.staff h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.webhook_endpoints_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.webhook_endpoints
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.webhook_endpoints h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_history.webhook_event_types_as_of(at timestamp with time zone)
 RETURNS SETOF lobbie_history.webhook_event_types
 LANGUAGE sql
 STABLE
AS $function$SELECT h.* FROM lobbie_history.webhook_event_types h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL$function$;

CREATE OR REPLACE FUNCTION lobbie_push.allow_insert(who name)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA lobbie_push TO %I', who);
  EXECUTE format('GRANT INSERT (resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls, requested_by) ON lobbie_push.outbox TO %I', who);
END $function$;

CREATE OR REPLACE FUNCTION lobbie_push.take_base()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  found_base jsonb;
  found_location bigint;
  seen pg_snapshot;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.resource, NEW.operation, NEW.account_id, NEW.location_id, NEW.target_id, NEW.external_ref, NEW.changes, NEW.allow_nulls)
      IS NOT DISTINCT FROM
      (OLD.resource, OLD.operation, OLD.account_id, OLD.location_id, OLD.target_id, OLD.external_ref, OLD.changes, OLD.allow_nulls) THEN
      RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('pending', 'rejected', 'failed', 'conflict') THEN
      RAISE EXCEPTION 'outbox row % is %: what was sent can not be changed', OLD.id, OLD.status
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Insert another row.';
    END IF;
    IF (NEW.resource, NEW.account_id, NEW.target_id) IS NOT DISTINCT FROM (OLD.resource, OLD.account_id, OLD.target_id) THEN
      RETURN NEW;
    END IF;
    -- The base belongs to another record.
    NEW.base := NULL;
    NEW.base_snapshot := NULL;
  END IF;
  IF NEW.target_id IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.resource = 'patients' THEN
    SELECT p.raw, pg_current_snapshot() INTO found_base, seen FROM lobbie.patients p
      WHERE p.account_id = NEW.account_id AND p.id = NEW.target_id AND p._deleted_at IS NULL;
  ELSE
    SELECT a.raw, a.location_id, pg_current_snapshot() INTO found_base, found_location, seen FROM lobbie.appointments a
      WHERE a.account_id = NEW.account_id AND a.id = NEW.target_id AND a._deleted_at IS NULL;
    NEW.location_id := coalesce(NEW.location_id, found_location);
  END IF;
  IF NEW.base IS NULL THEN
    NEW.base := found_base;
    NEW.base_snapshot := seen;
  ELSIF NEW.base_snapshot IS NULL THEN
    NEW.base_snapshot := pg_current_snapshot();
  END IF;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_push.tell()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  PERFORM pg_notify('lobbie_push', '');
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.future_rows(believed timestamp with time zone, large boolean)
 RETURNS TABLE(name text, entries bigint)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  source record;
BEGIN
  FOR source IN SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relnamespace = 'lobbie'::regnamespace AND c.relkind = 'r' AND (large OR pg_relation_size(c.oid) < 8388608)
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '_read_at' AND NOT a.attisdropped)
    ORDER BY c.relname
  LOOP
    name := source.relname;
    EXECUTE format('SELECT count(*) FROM %s WHERE _loaded_at > $1 OR _read_at > $1 OR _deleted_at > $1', source.oid::regclass)
      INTO entries USING believed;
    IF entries > 0 THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.future_state(believed timestamp with time zone)
 RETURNS TABLE(what text, entries bigint)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  SELECT * FROM (
    SELECT 'runs', (SELECT count(*) FROM lobbie_sync.runs WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'passes', (SELECT count(*) FROM lobbie_sync.passes WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'sweeps', (SELECT count(*) FROM lobbie_sync.sweeps WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'lists', (SELECT count(*) FROM lobbie_sync.list_state WHERE last_certified_at > believed OR oldest_checked_at > believed)
    UNION ALL SELECT 'deletes', (SELECT count(*) FROM lobbie_sync.deletes WHERE found_at > believed OR decided_at > believed OR absent_at > believed)
    UNION ALL SELECT 'alerts', (SELECT count(*) FROM lobbie_sync.alert_state WHERE since > believed OR last_sent > believed)
    -- By index, list by list: there are millions of checks, and a handful of lists.
    UNION ALL SELECT 'checks', (
      WITH RECURSIVE list AS (
        (SELECT account_id, resource FROM lobbie_sync.checks ORDER BY account_id, resource LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.resource FROM list l CROSS JOIN LATERAL (
          SELECT c.account_id, c.resource FROM lobbie_sync.checks c
          WHERE (c.account_id, c.resource) > (l.account_id, l.resource) ORDER BY c.account_id, c.resource LIMIT 1) n
      )
      SELECT coalesce(sum(
        (SELECT count(*) FROM lobbie_sync.checks c WHERE c.account_id = l.account_id AND c.resource = l.resource AND c.checked_at > believed)
        + (SELECT count(*) FROM lobbie_sync.checks c WHERE c.account_id = l.account_id AND c.resource = l.resource AND c.due_since > believed
          AND (c.checked_at IS NULL OR c.checked_at <= believed))), 0)::bigint FROM list l)
  ) x (what, entries) WHERE entries > 0
$function$;

CREATE OR REPLACE FUNCTION lobbie_sync.known_fields(value jsonb, known jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT CASE jsonb_typeof(value)
    WHEN 'array' THEN (SELECT coalesce(jsonb_agg(lobbie_sync.known_fields(e.element, known) ORDER BY e.ordinality), '[]')
      FROM jsonb_array_elements(value) WITH ORDINALITY AS e(element))
    WHEN 'object' THEN coalesce((SELECT jsonb_object_agg(m.key,
        CASE jsonb_typeof(known -> m.key) WHEN 'object' THEN lobbie_sync.known_fields(m.value, known -> m.key) ELSE m.value END)
      FROM jsonb_each(value) AS m WHERE known ? m.key), value)
    ELSE value END
$function$;

CREATE OR REPLACE FUNCTION lobbie_sync.mend_future_rows(table_name text, present timestamp with time zone, believed timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  source text := format('lobbie.%I', table_name);
  past text := format('lobbie_history.%I', table_name || '_past');
  key text;
  on_q text;
  on_f text;
  mended bigint;
BEGIN
  SELECT string_agg(quote_ident(a.attname), ', '), string_agg(format('m.%1$I = q.%1$I', a.attname), ' AND '),
      string_agg(format('f.%1$I = q.%1$I', a.attname), ' AND ')
    INTO STRICT key, on_q, on_f
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE i.indrelid = source::regclass AND i.indisprimary;
  EXECUTE format('LOCK TABLE %s, %s IN SHARE ROW EXCLUSIVE MODE', source, past);
  PERFORM set_config('lobbie_sync.mending', table_name, true);
  EXECUTE format($sql$
    WITH hit AS MATERIALIZED (
      SELECT %3$s FROM %1$s WHERE _loaded_at > $2 UNION SELECT %3$s FROM %2$s WHERE valid_to > $2
    ), ends AS MATERIALIZED (
      SELECT %3$s, _loaded_at AS t FROM %1$s JOIN hit USING (%3$s)
      UNION SELECT %3$s, valid_from FROM %2$s JOIN hit USING (%3$s)
      UNION SELECT %3$s, valid_to FROM %2$s JOIN hit USING (%3$s)
    ), base AS (
      SELECT %3$s, greatest($1, max(t) FILTER (WHERE t <= $2)) AS t0 FROM ends GROUP BY %3$s
    ), m AS MATERIALIZED (
      SELECT %3$s, t, t0 + row_number() OVER (PARTITION BY %3$s ORDER BY t) * interval '1 microsecond' AS moved
      FROM ends JOIN base USING (%3$s) WHERE t > $2
    ), older AS (
      UPDATE %2$s p SET valid_to = x.ends, valid_from = x.begins, _loaded_at = x.begins,
        _read_at = CASE WHEN p._read_at > $2 THEN $1 ELSE p._read_at END,
        _deleted_at = CASE WHEN p._deleted_at > $2 THEN x.begins ELSE p._deleted_at END
      FROM (SELECT q.ctid AS tid, m.moved AS ends, coalesce(f.moved, q.valid_from) AS begins
        FROM %2$s q JOIN m ON %4$s AND m.t = q.valid_to LEFT JOIN m f ON %5$s AND f.t = q.valid_from) x
      WHERE p.ctid = x.tid
    )
    UPDATE %1$s c SET _loaded_at = x.begins,
      _read_at = CASE WHEN c._read_at > $2 THEN $1 ELSE c._read_at END,
      _deleted_at = CASE WHEN c._deleted_at > $2 THEN x.begins ELSE c._deleted_at END
    FROM (SELECT q.ctid AS tid, coalesce(m.moved, q._loaded_at) AS begins
      FROM %1$s q LEFT JOIN m ON %4$s AND m.t = q._loaded_at
      WHERE q._loaded_at > $2 OR q._read_at > $2 OR q._deleted_at > $2) x
    WHERE c.ctid = x.tid
  $sql$, source, past, key, on_q, on_f) USING present, believed;
  GET DIAGNOSTICS mended = ROW_COUNT;
  PERFORM set_config('lobbie_sync.mending', '', true);
  RETURN mended;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.mend_future_state(present timestamp with time zone, believed timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  proven timestamptz;
BEGIN
  SELECT max(r.started_at) INTO proven FROM lobbie_sync.runs r WHERE r.started_at <= believed AND r.id <
    (SELECT min(w.id) FROM lobbie_sync.runs w WHERE w.started_at > believed OR w.finished_at > believed);
  proven := least(coalesce(proven, present), present);
  UPDATE lobbie_sync.checks SET checked_at = CASE WHEN checked_at > believed THEN proven ELSE checked_at END,
    due_since = CASE WHEN due_since > believed THEN present ELSE due_since END
    WHERE checked_at > believed OR due_since > believed;
  UPDATE lobbie_sync.list_state SET
    last_certified_at = CASE WHEN last_certified_at > believed THEN proven ELSE last_certified_at END,
    oldest_checked_at = CASE WHEN oldest_checked_at > believed THEN proven ELSE oldest_checked_at END
    WHERE last_certified_at > believed OR oldest_checked_at > believed;
  UPDATE lobbie_sync.sweeps SET started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END,
    finished_at = CASE WHEN finished_at <= believed THEN finished_at WHEN started_at > believed THEN proven ELSE greatest(started_at, proven) END
    WHERE started_at > believed OR finished_at > believed;
  -- What was begun under a wrong clock is not gone on with: its windows end in the future.
  UPDATE lobbie_sync.passes SET status = CASE WHEN status = 'open' THEN 'abandoned' ELSE status END,
    finished_at = CASE WHEN status = 'open' OR finished_at > believed THEN present ELSE finished_at END,
    started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END
    WHERE started_at > believed OR finished_at > believed;
  UPDATE lobbie_sync.deletes SET found_at = CASE WHEN found_at > believed THEN present ELSE found_at END,
    decided_at = CASE WHEN decided_at > believed THEN present ELSE decided_at END,
    absent_at = CASE WHEN absent_at > believed THEN present ELSE absent_at END
    WHERE found_at > believed OR decided_at > believed OR absent_at > believed;
  UPDATE lobbie_sync.alert_state SET since = CASE WHEN since > believed THEN present ELSE since END,
    last_sent = CASE WHEN last_sent > believed THEN present ELSE last_sent END
    WHERE since > believed OR last_sent > believed;
  UPDATE lobbie_sync.table_rows SET counted_at = present WHERE counted_at > believed;
  UPDATE lobbie_sync.run_problems SET at = present WHERE at > believed;
  UPDATE lobbie_sync.rejects SET rejected_at = CASE WHEN rejected_at > believed THEN present ELSE rejected_at END,
    replayed_at = CASE WHEN replayed_at > believed THEN present ELSE replayed_at END
    WHERE rejected_at > believed OR replayed_at > believed;
  -- Last: the runs are what says that something lies in the future, and since when.
  UPDATE lobbie_sync.runs SET
    finished_at = CASE WHEN finished_at <= believed THEN finished_at WHEN started_at <= believed THEN greatest(started_at, proven)
      ELSE least(present, proven + (finished_at - started_at)) END,
    started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END
    WHERE started_at > believed OR finished_at > believed;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.next_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  moving text[];
BEGIN
  -- The loader counts by itself; this is for whoever does not. A row that stays the same, byte by byte, is no version.
  IF current_setting('lobbie_sync.mending', true) = TG_TABLE_NAME THEN
    RETURN NEW;
  END IF;
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;
  IF NEW._version = OLD._version AND NEW._loaded_at = OLD._loaded_at THEN
    SELECT array_agg(column_name) INTO moving FROM lobbie_sync.volatile_columns WHERE table_name = TG_TABLE_NAME;
    moving := moving || ARRAY['raw', '_content_hash', '_read_at'];
    IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
      RETURN NEW;
    END IF;
  END IF;
  IF NEW._loaded_at = OLD._loaded_at AND NEW._version <> OLD._version + 1 THEN
    -- The statement knows nothing of versions and left the time alone.
    NEW._loaded_at := greatest(clock_timestamp(), OLD._loaded_at + interval '1 microsecond');
  ELSIF NEW._loaded_at <= OLD._loaded_at THEN
    -- Two changes at one reading of a clock, or a clock that is behind: as near to it as the order of versions allows.
    NEW._loaded_at := OLD._loaded_at + interval '1 microsecond';
  END IF;
  NEW._version := OLD._version + 1;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_allergies_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.allergies_past (account_id, id, patient_id, allergy, main_reaction, severity, status, active, onset_date, end_date, comment, reference_id, created_at, created_by, updated_at, updated_by, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.allergy, o.main_reaction, o.severity, o.status, o.active, o.onset_date, o.end_date, o.comment, o.reference_id, o.created_at, o.created_by, o.updated_at, o.updated_by, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_appointment_types_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.appointment_types_past (account_id, id, name, description, instructions, duration_minutes, telehealth, color, active, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.instructions, o.duration_minutes, o.telehealth, o.color, o.active, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_appointments_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.appointments_past (account_id, id, patient_id, practitioner_id, location_id, appointment_type_id, start_time, end_time, duration_minutes, status, note, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.practitioner_id, o.location_id, o.appointment_type_id, o.start_time, o.end_time, o.duration_minutes, o.status, o.note, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_categories_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.categories_past (account_id, id, name, description, color, active, is_default, patient_count, sort_order, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.color, o.active, o.is_default, o.patient_count, o.sort_order, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_category_transitions_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.category_transitions_past (account_id, id, patient_id, from_category_id, from_category_name, to_category_id, to_category_name, trigger, reason, changed_by, transitioned_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.from_category_id, o.from_category_name, o.to_category_id, o.to_category_name, o.trigger, o.reason, o.changed_by, o.transitioned_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_crm_status_groups_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.crm_status_groups_past (account_id, id, name, description, active, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.active, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_crm_statuses_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.crm_statuses_past (account_id, id, group_id, name, description, color, "order", is_terminal, active, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.group_id, o.name, o.description, o.color, o."order", o.is_terminal, o.active, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_answers_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_answers_past (account_id, form_element_id, label, field_type, attribute_name, value, selected_options, location_id, form_id, form_packet_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.form_element_id, o.label, o.field_type, o.attribute_name, o.value, o.selected_options, o.location_id, o.form_id, o.form_packet_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.form_id = n.form_id AND o.form_element_id = n.form_element_id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_packets_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_packets_past (account_id, id, patient_id, patient_name, location_id, location_name, status, form_template_ids, forms, is_active, is_archived, due_date, completed_at, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.patient_name, o.location_id, o.location_name, o.status, o.form_template_ids, o.forms, o.is_active, o.is_archived, o.due_date, o.completed_at, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_template_attributes_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_template_attributes_past (account_id, id, name, form_element_id, label, field_type, location_id, form_template_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.form_element_id, o.label, o.field_type, o.location_id, o.form_template_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_template_elements_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_template_elements_past (account_id, id, form_template_id, label, field_type, required, sort_order, attribute_name, options, visibility, editable_by, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.form_template_id, o.label, o.field_type, o.required, o.sort_order, o.attribute_name, o.options, o.visibility, o.editable_by, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_template_groups_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_template_groups_past (account_id, id, name, description, active, form_template_ids, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.active, o.form_template_ids, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_form_templates_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.form_templates_past (account_id, id, name, description, version, active, staff_only, appointment_type_ids, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.version, o.active, o.staff_only, o.appointment_type_ids, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_forms_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.forms_past (account_id, id, form_template_id, form_template_name, is_complete, status, completion_percentage, answers, mapped_answers, location_id, form_packet_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.form_template_id, o.form_template_name, o.is_complete, o.status, o.completion_percentage, o.answers, o.mapped_answers, o.location_id, o.form_packet_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_invoice_line_items_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.invoice_line_items_past (account_id, id, invoice_id, appointment_id, care_resource_id, type, code, description, quantity, unit_price_cents, unit_price_display, total_cents, total_display, taxable, sort_order, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.invoice_id, o.appointment_id, o.care_resource_id, o.type, o.code, o.description, o.quantity, o.unit_price_cents, o.unit_price_display, o.total_cents, o.total_display, o.taxable, o.sort_order, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_invoices_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.invoices_past (account_id, id, invoice_number, patient_id, patient_name, location_id, location_name, appointment_id, subscription_id, status, currency, line_items, paid_amount, refunded_amount, subtotal_amount, tax_amount, total_amount, due_date, paid_at, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.invoice_number, o.patient_id, o.patient_name, o.location_id, o.location_name, o.appointment_id, o.subscription_id, o.status, o.currency, o.line_items, o.paid_amount, o.refunded_amount, o.subtotal_amount, o.tax_amount, o.total_amount, o.due_date, o.paid_at, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_lab_test_components_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.lab_test_components_past (account_id, id, name, external_id, value, unit, reference_low, reference_high, reference_text, abnormal_flag, result_status, location_id, lab_id, panel_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.external_id, o.value, o.unit, o.reference_low, o.reference_high, o.reference_text, o.abnormal_flag, o.result_status, o.location_id, o.lab_id, o.panel_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_lab_test_panels_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.lab_test_panels_past (account_id, id, name, components, location_id, lab_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.components, o.location_id, o.lab_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_labs_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.labs_past (account_id, id, patient_id, patient_name, location_id, appointment_id, status, vendor_type, drawn_by, external_result, locked, manual, notes, test_panels, collected_on, completed_on, entry_on, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.patient_name, o.location_id, o.appointment_id, o.status, o.vendor_type, o.drawn_by, o.external_result, o.locked, o.manual, o.notes, o.test_panels, o.collected_on, o.completed_on, o.entry_on, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_locations_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.locations_past (account_id, id, name, active, store_id, phone_number, time_zone, address, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.active, o.store_id, o.phone_number, o.time_zone, o.address, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_medications_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.medications_past (account_id, id, patient_id, medication, dosage, dosage_instructions, status, active, start_date, end_date, comment, reference_id, created_at, created_by, updated_at, updated_by, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.medication, o.dosage, o.dosage_instructions, o.status, o.active, o.start_date, o.end_date, o.comment, o.reference_id, o.created_at, o.created_by, o.updated_at, o.updated_by, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_notification_groups_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.notification_groups_past (account_id, id, location_id, patient_id, name, type, appointment_id, form_packet_id, payment_request_id, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.location_id, o.patient_id, o.name, o.type, o.appointment_id, o.form_packet_id, o.payment_request_id, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_notifications_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.notifications_past (account_id, id, patient_id, location_id, notification_group_id, type, email_status, sms_status, email_sent_at, sms_sent_at, scheduled_for, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.location_id, o.notification_group_id, o.type, o.email_status, o.sms_status, o.email_sent_at, o.sms_sent_at, o.scheduled_for, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_patient_categories_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.patient_categories_past (account_id, patient_id, category_id, category_name, category_color, assigned_at, assigned_by, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.patient_id, o.category_id, o.category_name, o.category_color, o.assigned_at, o.assigned_by, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.patient_id = n.patient_id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_patients_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.patients_past (account_id, id, first_name, last_name, date_of_birth, email, mobile_phone, gender, home_address, mailing_address, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.first_name, o.last_name, o.date_of_birth, o.email, o.mobile_phone, o.gender, o.home_address, o.mailing_address, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_payment_requests_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.payment_requests_past (account_id, id, patient_id, patient_name, appointment_id, invoice_id, description, status, amount_cents, amount_display, amount_paid_cents, amount_paid_display, amount_remaining_cents, amount_remaining_display, payment_url, void_reason, expires_at, paid_at, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.patient_name, o.appointment_id, o.invoice_id, o.description, o.status, o.amount_cents, o.amount_display, o.amount_paid_cents, o.amount_paid_display, o.amount_remaining_cents, o.amount_remaining_display, o.payment_url, o.void_reason, o.expires_at, o.paid_at, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_problems_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.problems_past (account_id, id, patient_id, problem, icd10_code, status, active, onset_date, end_date, comment, reference_id, created_at, created_by, updated_at, updated_by, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.problem, o.icd10_code, o.status, o.active, o.onset_date, o.end_date, o.comment, o.reference_id, o.created_at, o.created_by, o.updated_at, o.updated_by, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_recurring_payments_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.recurring_payments_past (account_id, id, patient_id, patient_name, description, status, frequency, amount_cents, amount_display, card_brand, card_last4, completed_payments, remaining_payments, total_payments, next_payment_date, start_date, end_date, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.patient_id, o.patient_name, o.description, o.status, o.frequency, o.amount_cents, o.amount_display, o.card_brand, o.card_last4, o.completed_payments, o.remaining_payments, o.total_payments, o.next_payment_date, o.start_date, o.end_date, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_remote_care_services_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.remote_care_services_past (account_id, id, name, description, active, appointment_type_id, price_cents, price_display, sort_order, created_at, updated_at, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.description, o.active, o.appointment_type_id, o.price_cents, o.price_display, o.sort_order, o.created_at, o.updated_at, o.location_id, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_remote_care_settings_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.remote_care_settings_past (account_id, id, location_id, active, default_staff_id, self_scheduling_setting_ids, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.location_id, o.active, o.default_staff_id, o.self_scheduling_setting_ids, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.location_id = n.location_id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_role_groups_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.role_groups_past (id, name, description, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.id, o.name, o.description, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_self_scheduling_settings_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.self_scheduling_settings_past (account_id, id, name, active, appointment_type_ids, appointment_type_selectable, appointment_type_visible, fixed_appointment_type_id, location_ids, location_selectable, location_visible, fixed_location_id, practitioner_ids, forward_booking_limit, forward_booking_limit_active, forward_booking_limit_unit, afterward_booking_limit, afterward_booking_limit_active, afterward_booking_limit_unit, practitioner_selectable, practitioner_visible, verification_method, scheduler_configs, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.name, o.active, o.appointment_type_ids, o.appointment_type_selectable, o.appointment_type_visible, o.fixed_appointment_type_id, o.location_ids, o.location_selectable, o.location_visible, o.fixed_location_id, o.practitioner_ids, o.forward_booking_limit, o.forward_booking_limit_active, o.forward_booking_limit_unit, o.afterward_booking_limit, o.afterward_booking_limit_active, o.afterward_booking_limit_unit, o.practitioner_selectable, o.practitioner_visible, o.verification_method, o.scheduler_configs, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_staff_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.staff_past (account_id, id, first_name, last_name, email, active, is_practitioner, credentials, npi, specialties, licenses, location_ids, role_group_ids, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.first_name, o.last_name, o.email, o.active, o.is_practitioner, o.credentials, o.npi, o.specialties, o.licenses, o.location_ids, o.role_group_ids, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_webhook_endpoints_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.webhook_endpoints_past (account_id, id, url, name, event_types, enabled, last_delivery, created_at, updated_at, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.id, o.url, o.name, o.event_types, o.enabled, o.last_delivery, o.created_at, o.updated_at, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.id = n.id
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.record_webhook_event_types_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_hashjoin TO 'on'
 SET enable_nestloop TO 'off'
AS $function$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO lobbie_history.webhook_event_types_past (account_id, event_type, description, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at, _version, valid_from, valid_to)
      SELECT o.account_id, o.event_type, o.description, o.raw, o._content_hash, o._run_id, o._loaded_at, o._read_at, o._source, o._deleted_at, o._version, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON o.account_id = n.account_id AND o.event_type = n.event_type
      WHERE n._version <> o._version;
      RETURN NULL;
    END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = '42501';
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.refuse_key_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'the primary key of a synced row never changes: its history would be torn' USING ERRCODE = '0A000';
END $function$;

CREATE OR REPLACE FUNCTION lobbie_sync.track_history(name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  source regclass;
  past text := format('lobbie_history.%I', name || '_past');
  shown text := format('lobbie_history.%I', name);
  recorder text := format('lobbie_sync.%I', 'record_' || name || '_history');
  key text[];
  columns text[];
  younger text[];
  added text[];
  own_version boolean;
BEGIN
  EXECUTE format('ALTER TABLE lobbie.%I ADD COLUMN IF NOT EXISTS _version integer NOT NULL DEFAULT 1', name);
  source := format('lobbie.%I', name)::regclass;
  SELECT array_agg(quote_ident(a.attname) ORDER BY array_position(i.indkey::int2[], a.attnum)) INTO STRICT key
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE i.indrelid = source AND i.indisprimary;

  IF to_regclass(past) IS NULL THEN
    EXECUTE format('CREATE TABLE %s AS SELECT *, _loaded_at AS valid_from, _loaded_at AS valid_to FROM %s WITH NO DATA', past, source);
    EXECUTE format('ALTER TABLE %s ALTER valid_from SET NOT NULL, ALTER valid_to SET NOT NULL, ADD CHECK (valid_from < valid_to), ADD COLUMN _past_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY', past);
    EXECUTE format('CREATE INDEX ON %s (%s, _version)', past, array_to_string(key, ', '));
    EXECUTE format('COMMENT ON TABLE %s IS %L', past, 'Superseded versions of lobbie.' || name || '. Protected health information. Query lobbie_history.' || name || ', which has the current ones too.');
  END IF;
  SELECT array_agg(format('ADD COLUMN %I %s', s.attname, format_type(s.atttypid, s.atttypmod)) ORDER BY s.attnum) INTO added
    FROM pg_attribute s
    WHERE s.attrelid = source AND s.attnum > 0 AND NOT s.attisdropped
      AND NOT EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = past::regclass AND p.attname = s.attname AND NOT p.attisdropped);
  IF added IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s %s', past, array_to_string(added, ', '));
  END IF;

  SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnum <= v.attnum),
         coalesce(array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnum > v.attnum), '{}'),
         bool_or(a.attname = 'version' AND a.attnum < v.attnum)
    INTO columns, younger, own_version
    FROM pg_attribute a JOIN pg_attribute v ON v.attrelid = a.attrelid AND v.attname = '_version'
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
  -- A column "version" that Lobbie has itself keeps its name and meaning; the number is in "_version" everywhere.
  EXECUTE format('CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s UNION ALL SELECT %s FROM %s', shown,
    array_to_string(columns || array['valid_from', 'valid_to'] || CASE WHEN own_version THEN '{}' ELSE array['_version AS version'] END || younger, ', '), past,
    array_to_string(columns || array['_loaded_at', 'NULL::timestamptz'] || CASE WHEN own_version THEN '{}' ELSE array['_version'] END || younger, ', '), source);
  EXECUTE format('COMMENT ON VIEW %s IS %L', shown, 'Every version of every row of lobbie.' || name || '. Protected health information.');
  EXECUTE format('COMMENT ON COLUMN %s.valid_from IS %L', shown, 'When lobbie-sync stored this version.');
  EXECUTE format('COMMENT ON COLUMN %s.valid_to IS %L', shown, 'When lobbie-sync stored the next version; null: this is the current one.');
  EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', shown, CASE WHEN own_version THEN '_version' ELSE 'version' END, 'Number of this version of the row, from 1.');

  -- A body as text, not BEGIN ATOMIC: h.* then follows the view when it gets columns. Inlined, so that keys use indexes.
  EXECUTE format('CREATE OR REPLACE FUNCTION lobbie_history.%I(at timestamptz) RETURNS SETOF %s LANGUAGE sql STABLE AS %L', name || '_as_of', shown,
    format('SELECT h.* FROM %s h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL', shown));
  EXECUTE format('COMMENT ON FUNCTION lobbie_history.%I(timestamptz) IS %L', name || '_as_of', 'lobbie.' || name || ' as it was at that instant, without rows that were deleted then.');

  EXECUTE format($record$
    CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_nestloop = off AS $body$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO %2$s (%3$s, valid_from, valid_to)
      SELECT %4$s, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON %5$s
      WHERE n._version <> o._version;
      RETURN NULL;
    END $body$ $record$,
    recorder, past, array_to_string(columns || younger, ', '),
    (SELECT string_agg('o.' || c, ', ') FROM unnest(columns || younger) c),
    (SELECT string_agg(format('o.%1$s = n.%1$s', k), ' AND ') FROM unnest(key) k));
  EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', recorder);

  EXECUTE format('CREATE OR REPLACE TRIGGER history_key BEFORE UPDATE OF %1$s ON %2$s FOR EACH ROW WHEN (%3$s) EXECUTE FUNCTION lobbie_sync.refuse_key_change()',
    array_to_string(key, ', '), source, (SELECT string_agg(format('OLD.%1$s IS DISTINCT FROM NEW.%1$s', k), ' OR ') FROM unnest(key) k));
  EXECUTE format('CREATE OR REPLACE TRIGGER history_version BEFORE UPDATE ON %s FOR EACH ROW WHEN (NEW._version <> OLD._version + 1 OR NEW._loaded_at <= OLD._loaded_at) EXECUTE FUNCTION lobbie_sync.next_version()', source);
  EXECUTE format('CREATE OR REPLACE TRIGGER history_record AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %s()', source, recorder);
END $function$;

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.allergies FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.allergies REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_allergies_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.allergies FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.appointment_types FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.appointment_types REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_appointment_types_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.appointment_types FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.appointments FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.appointments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_appointments_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.appointments FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.categories FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.categories REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_categories_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.categories FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.category_transitions FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.category_transitions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_category_transitions_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.category_transitions FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.crm_status_groups FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.crm_status_groups REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_crm_status_groups_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.crm_status_groups FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.crm_statuses FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.crm_statuses REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_crm_statuses_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.crm_statuses FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, form_id, form_element_id ON lobbie.form_answers FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.form_id IS DISTINCT FROM new.form_id) OR (old.form_element_id IS DISTINCT FROM new.form_element_id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_answers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_answers_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_answers FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.form_packets FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_packets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_packets_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_packets FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.form_template_attributes FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_template_attributes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_template_attributes_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_template_attributes FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.form_template_elements FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_template_elements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_template_elements_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_template_elements FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.form_template_groups FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_template_groups REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_template_groups_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_template_groups FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.form_templates FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.form_templates REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_form_templates_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.form_templates FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.forms FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.forms REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_forms_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.forms FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.invoice_line_items FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.invoice_line_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_invoice_line_items_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.invoice_line_items FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.invoices FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.invoices REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_invoices_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.invoices FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.lab_test_components FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.lab_test_components REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_lab_test_components_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.lab_test_components FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.lab_test_panels FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.lab_test_panels REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_lab_test_panels_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.lab_test_panels FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.labs FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.labs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_labs_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.labs FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.locations FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.locations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_locations_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.locations FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.medications FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.medications REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_medications_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.medications FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.notification_groups FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.notification_groups REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_notification_groups_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.notification_groups FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.notifications FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.notifications REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_notifications_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.notifications FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, patient_id ON lobbie.patient_categories FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.patient_id IS DISTINCT FROM new.patient_id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.patient_categories REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_patient_categories_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.patient_categories FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.patients FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.patients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_patients_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.patients FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.payment_requests FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.payment_requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_payment_requests_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.payment_requests FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.problems FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.problems REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_problems_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.problems FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.recurring_payments FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.recurring_payments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_recurring_payments_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.recurring_payments FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.remote_care_services FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.remote_care_services REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_remote_care_services_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.remote_care_services FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, location_id ON lobbie.remote_care_settings FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.location_id IS DISTINCT FROM new.location_id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.remote_care_settings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_remote_care_settings_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.remote_care_settings FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF id ON lobbie.role_groups FOR EACH ROW WHEN ((old.id IS DISTINCT FROM new.id)) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.role_groups REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_role_groups_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.role_groups FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.self_scheduling_settings FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.self_scheduling_settings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_self_scheduling_settings_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.self_scheduling_settings FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.staff FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.staff REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_staff_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.staff FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, id ON lobbie.webhook_endpoints FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.webhook_endpoints REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_webhook_endpoints_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.webhook_endpoints FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER history_key BEFORE UPDATE OF account_id, event_type ON lobbie.webhook_event_types FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.event_type IS DISTINCT FROM new.event_type))) EXECUTE FUNCTION lobbie_sync.refuse_key_change();

CREATE TRIGGER history_record AFTER UPDATE ON lobbie.webhook_event_types REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.record_webhook_event_types_history();

CREATE TRIGGER history_version BEFORE UPDATE ON lobbie.webhook_event_types FOR EACH ROW WHEN (((new._version <> (old._version + 1)) OR (new._loaded_at <= old._loaded_at))) EXECUTE FUNCTION lobbie_sync.next_version();

CREATE TRIGGER control_tell AFTER UPDATE ON lobbie_push.control FOR EACH STATEMENT EXECUTE FUNCTION lobbie_push.tell();

CREATE TRIGGER outbox_base BEFORE INSERT ON lobbie_push.outbox FOR EACH ROW EXECUTE FUNCTION lobbie_push.take_base();

CREATE TRIGGER outbox_sent BEFORE UPDATE OF resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls ON lobbie_push.outbox FOR EACH ROW EXECUTE FUNCTION lobbie_push.take_base();

CREATE TRIGGER outbox_tell AFTER INSERT OR UPDATE OF changes, approved_by, approved_at, resolution ON lobbie_push.outbox FOR EACH STATEMENT EXECUTE FUNCTION lobbie_push.tell();

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON lobbie_sync.audit_log FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.refuse_change();
