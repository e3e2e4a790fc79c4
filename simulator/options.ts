import { type FaultRule, parseFaults } from './faults.ts';

/** The bodies that createAppointment can take; the documents show both. */
export const APPOINTMENT_BODIES = ['listing', 'self-scheduling'] as const;

/** A body of createAppointment. */
export type AppointmentBody = (typeof APPOINTMENT_BODIES)[number];

/** How to start a simulator. Every option has a default. */
export interface SimulatorOptions {
  /** TCP port; 0 takes any free one. @default 0 */
  port?: number;
  /** @default '127.0.0.1' */
  host?: string;
  /** Seed of all data and of the chance in faults. @default 1 */
  seed?: number;
  /** Patients per account; all other counts follow. @default 200 */
  patients?: number;
  /** Account ids with a grant. @default [1001, 1002] */
  accounts?: number[];
  /** Locations per account. @default 3 */
  locationsPerAccount?: number;
  /** Data requests per second; a burst of one second is allowed. @default none */
  rateLimit?: number | undefined;
  /** Milliseconds added to every data answer. @default 0 */
  latencyMs?: number;
  /** Life of a token in seconds. @default 3600 */
  tokenTtlSeconds?: number;
  /** Fault rules from the start. @default none */
  faults?: FaultRule[];
  /** @default 'demo-client' */
  clientId?: string;
  /** @default 'demo-secret' */
  clientSecret?: string;
  /** When set, `x-api-key` with this value is required on every call. @default none */
  apiKey?: string | undefined;
  /** When set, the token call must name this scope. @default none */
  scope?: string | undefined;
  /** Whether rows of listLabs carry their panels. @default true */
  labsEmbedPanels?: boolean;
  /**
   * What createAppointment takes: the body of the operation list, or that of the stored page, which is the
   * self-scheduling body and may do without a patient. @default 'listing'
   */
  appointmentBody?: AppointmentBody;
  /** The simulated present. @default '2026-01-15T12:00:00Z' */
  now?: string;
}

/** The options with every default filled in. */
export type Settings = Required<SimulatorOptions>;

function whole(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be a whole number of at least ${least}`);
  return value;
}

/** Reads the name of a body of createAppointment. @throws Error that names the known ones. */
export function parseAppointmentBody(name: string): AppointmentBody {
  const known = APPOINTMENT_BODIES.find((body) => body === name);
  if (known === undefined) throw new Error(`appointmentBody must be one of ${APPOINTMENT_BODIES.join(', ')}`);
  return known;
}

/** Fills in the defaults. @throws Error naming the option that makes no sense. */
export function completeOptions(options: SimulatorOptions): Settings {
  const now = options.now ?? '2026-01-15T12:00:00Z';
  if (Number.isNaN(Date.parse(now))) throw new Error(`now is no ISO 8601 instant: ${now}`);
  const accounts = options.accounts ?? [1001, 1002];
  if (accounts.length === 0 || new Set(accounts).size !== accounts.length)
    throw new Error('accounts must be distinct ids');
  for (const account of accounts) whole('accounts', account, 1);
  if (options.rateLimit !== undefined && !(options.rateLimit > 0)) throw new Error('rateLimit must be above 0');
  return {
    port: whole('port', options.port ?? 0, 0),
    host: options.host ?? '127.0.0.1',
    seed: whole('seed', options.seed ?? 1, 0),
    patients: whole('patients', options.patients ?? 200, 0),
    accounts,
    locationsPerAccount: whole('locationsPerAccount', options.locationsPerAccount ?? 3, 1),
    rateLimit: options.rateLimit,
    latencyMs: options.latencyMs ?? 0,
    tokenTtlSeconds: options.tokenTtlSeconds ?? 3600,
    faults: parseFaults(options.faults ?? []),
    clientId: options.clientId ?? 'demo-client',
    clientSecret: options.clientSecret ?? 'demo-secret',
    apiKey: options.apiKey,
    scope: options.scope,
    labsEmbedPanels: options.labsEmbedPanels ?? true,
    appointmentBody: parseAppointmentBody(options.appointmentBody ?? 'listing'),
    now,
  };
}
