import type { OddSpec } from '../../odd-api/start.ts';
import { writeCursor } from '../../odd-api/wire/cursor.ts';
import { PAGINATED } from '../../support/harness.ts';

/** An odd answer of the day. */
export interface OddAnswer {
  readonly name: string;
  readonly spec: OddSpec;
  /** Asked again, a reader gets what it wanted, or there was nothing wrong with it: nothing is left undone. */
  readonly passing?: boolean;
  /** What every reader would believe: rows that are left out of a list. Whoever meets it may lack rows of these tables. */
  readonly hides?: readonly string[];
}

/** Lists that come in one answer. */
const WHOLE = [
  'listRoleGroups',
  'listWebhookEndpoints',
  'listWebhookEndpoints1',
  'listCrmStatusGroups',
  'listCrmStatuses',
  'listAllergies',
  'listMedications',
  'listProblems',
  'listFormTemplateGroups',
  'listFormTemplateGroups1',
  'getFormTemplateElements',
] as const;

const LISTS = [...PAGINATED, ...WHOLE];
const SINGLE = ['getPatientCategory', 'getFormPacket', 'getRemoteCareSetting', 'getSetting'] as const;
const BELOW_PATIENTS = ['listAllergies', 'listMedications', 'listProblems', 'listCategoryTransitions'] as const;
/** Everything but the token: an odd answer there belongs to other tests. */
const ALL = [
  ...LISTS,
  ...SINGLE,
  'listTestComponents',
  'getFormTemplateAttributes',
  'listEventTypes',
  'listEventTypes1',
];

/** @param told called when an answer has stalled */
export function oddAnswers(told: () => void): readonly OddAnswer[] {
  const on = (op: readonly string[], name: string, spec: object, more: Omit<OddAnswer, 'name' | 'spec'> = {}) => ({
    name,
    spec: { op, ...spec } as unknown as OddSpec,
    ...more,
  });
  const often = (op: readonly string[], name: string, spec: object) => on(op, name, spec, { passing: true });
  return [
    often(ALL, 'an error at 200', { kind: 'error-body' }),
    on(ALL, 'an empty object', { kind: 'error-body', json: {} }),
    often(ALL, 'an empty body', { kind: 'error-body', text: '' }),
    on(ALL, 'null', { kind: 'error-body', text: 'null' }),
    on(ALL, 'success: false', { kind: 'error-body', json: { success: false } }),
    often(ALL, 'a page for people', { kind: 'html' }),
    often(ALL, '204', { kind: 'no-content' }),
    on(ALL, '304', { kind: 'no-content', status: 304 }),
    often(PAGINATED, '206 with half of the rows', { kind: 'part' }),
    on(ALL, '400', { kind: 'refused', status: 400 }),
    on(ALL, '401', { kind: 'refused', status: 401 }),
    on(LISTS, '403', { kind: 'refused', status: 403 }),
    on(PAGINATED, '404', { kind: 'refused', status: 404 }),
    often(ALL, '500', { kind: 'away', status: 500 }),
    often(ALL, '429 without a word', { kind: 'refused', status: 429 }),
    often(ALL, '503 with Retry-After', { kind: 'retry-after', value: '1', status: 503 }),
    on(ALL, 'a redirect', { kind: 'redirect' }),
    often(ALL, 'no answer', { kind: 'reset' }),
    often(ALL, 'a body that stops', { kind: 'stalled', told }),
    often(ALL, 'a slow body', { kind: 'slow', bytes: 4000, everyMs: 1 }),
    often(ALL, 'half a body', { kind: 'truncated' }),
    often(ALL, 'half a body and no end', { kind: 'truncated', how: 'cut' }),
    often(ALL, 'a length that is too short', { kind: 'length-lie', by: -3 }),
    often(ALL, 'gzip that is none', { kind: 'gzip-lie' }),
    often(ALL, 'gzip that is cut', { kind: 'gzip-cut' }),
    often(ALL, 'gzip twice', { kind: 'packed-twice' }),
    often(ALL, 'a byte order mark', { kind: 'bom' }),
    often(ALL, 'UTF-16', { kind: 'utf16' }),
    often(ALL, 'Latin-1 without a word', { kind: 'latin1', escaped: true }),
    often(ALL, 'Latin-1 by name', { kind: 'latin1', declared: true, escaped: true }),
    often(ALL, 'blank space', { kind: 'padded' }),
    often(ALL, 'escapes', { kind: 'escaped' }),
    often(ALL, 'a guard before the body', { kind: 'leading' }),
    often(ALL, 'a comment after the body', { kind: 'trailing' }),
    often(ALL, 'a second body', { kind: 'trailing', extra: '{}' }),
    often(ALL, 'names twice, otherwise', { kind: 'duplicate-keys', how: 'other' }),
    often(LISTS, 'two records run into one', { kind: 'duplicate-keys', how: 'merged' }),
    often(LISTS, 'the list twice, empty', { kind: 'duplicate-keys', how: 'list' }),
    often(LISTS, 'the list under another name', { kind: 'list-key', to: 'data' }),
    often(LISTS, 'an object in place of the list', { kind: 'list-shape' }),
    on(LISTS, 'rows by their ids', { kind: 'list-shape', form: 'by-id' }),
    on(LISTS, 'a list in the list', { kind: 'list-shape', form: 'nested' }),
    often(LISTS, 'no rows and an error', { kind: 'failed-inside' }),
    on(LISTS, 'no rows and errors', { kind: 'failed-inside', key: 'errors', value: [{ message: 'timeout' }] }),
    often(LISTS, 'an unknown key beside the rows', { kind: 'unknown-top-key' }),
    often(PAGINATED, 'a full page without the cursor', { kind: 'no-next-cursor' }),
    on(PAGINATED, 'a cursor that is an object', { kind: 'odd-cursor', value: { page: 2 } }),
    on(PAGINATED, 'a cursor that is false', { kind: 'odd-cursor', value: false }),
    on(PAGINATED, 'a cursor of another list', {
      kind: 'odd-cursor',
      value: writeCursor('/another', { value: 1, key: 1, rows: 1, page: 1 }),
    }),
    on(PAGINATED, 'a page without rows and a cursor', { kind: 'empty-pages' }),
    on(PAGINATED, 'the first page again', { kind: 'endless-pages' }),
    on(PAGINATED, 'a cursor that repeats', { kind: 'cursor-repeats' }),
    often(PAGINATED, 'an id twice', { kind: 'duplicate-id' }),
    on(LISTS, 'a row that is null', { kind: 'odd-row', value: null }),
    on(LISTS, 'a row that is a list', { kind: 'odd-row', value: [] }),
    on(LISTS, 'a row that is empty', { kind: 'odd-row', value: {} }),
    on(['listStaff', 'listMedications'], 'records that are texts', { kind: 'odd-record', value: 'gone' }),
    on(LISTS, 'records too deep', { kind: 'deep-record', depth: 3000 }),
    often(ALL, 'a long text', { kind: 'huge-record', bytes: 60_000 }),
    often(ALL, 'keys in another order', { kind: 'shuffled-keys' }),
    often(ALL, 'a new field', { kind: 'new-field' }),
    often(ALL, 'a field that moves', { kind: 'moving-field' }),
    often(LISTS, 'ids as text', { kind: 'odd-number', field: 'id', form: 'text' }),
    often(LISTS, 'ids with a point', { kind: 'odd-number', field: 'id', form: 'with-point' }),
    often(LISTS, 'ids with an exponent', { kind: 'odd-number', field: 'id', form: 'exponent' }),
    on(LISTS, 'negative ids', { kind: 'odd-number', field: 'id', form: 'negative' }),
    on(LISTS, 'ids that are fractions', { kind: 'odd-number', field: 'id', form: 'fraction' }),
    on(LISTS, 'ids beyond 64 bits', { kind: 'odd-number', field: 'id', form: 'beyond-2^63' }),
    on(LISTS, 'ids that are true', { kind: 'odd-number', field: 'id', form: 'boolean' }),
    on(LISTS, 'records without ids', { kind: 'drop-field', field: 'id' }),
    on(['listInvoices', 'listLineItems', 'listPaymentRequests'], 'endless amounts', {
      kind: 'odd-number',
      field: 'amountCents',
      form: 'huge',
    }),
    on(LISTS, 'dates in words', { kind: 'odd-date', field: 'createdAt', form: 'words' }),
    on(LISTS, 'dates that are none', { kind: 'odd-date', field: 'createdAt', form: 'no-such-day' }),
    on(LISTS, 'NUL in a text', { kind: 'odd-text', field: 'description', form: 'nul' }),
    on(LISTS, 'half of a sign', { kind: 'odd-text', field: 'description', form: 'lone-high-surrogate' }),
    on(BELOW_PATIENTS, 'records of another patient', { kind: 'foreign-rows', field: 'patientId', value: 77 }),
    on(ALL, 'records of another tenant', { kind: 'foreign-rows', field: 'accountId', value: 77 }),
    on(SINGLE, 'another record', { kind: 'other-record' }),
    often(ALL, 'no Date', { kind: 'date-missing' }),
    often(ALL, 'a Date in words', { kind: 'date-garbage' }),
    on(
      ['listStaff', 'listInvoices', 'listNotifications'],
      'rows that move between pages',
      { kind: 'rows-move' },
      {
        hides: ['staff', 'invoices', 'invoice_line_items', 'notifications'],
      },
    ),
  ];
}
