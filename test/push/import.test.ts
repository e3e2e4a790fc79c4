import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringifyJson } from '../../src/api/json.ts';
import { type CheckOptions, checkLine } from '../../src/push/import/check.ts';
import { readCsv } from '../../src/push/import/csv.ts';
import { type CsvRecord, csvRecords } from '../../src/push/import/csv-records.ts';
import { type ImportLine, LONGEST_LINE } from '../../src/push/import/line.ts';
import { readNdjson, textLines } from '../../src/push/import/ndjson.ts';
import { validateRow } from '../../src/push/validate.ts';

/** A file, in pieces of some bytes. */
async function* file(content: string | Uint8Array, piece = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content as Uint8Array);
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const options: CheckOptions = {
  accounts: ['1001', '9007199254740993'],
  appointmentBody: 'listing',
  ownedByLobbie: new Set(['patients.gender']),
  now: new Date('2026-03-01T12:00:00Z'),
  defaults: { requested_by: 'cli:tester', account_id: '1001' },
};

/** Faults of a file as `line field: problem`. */
async function faultsOf(lines: AsyncIterable<ImportLine>, more: Partial<CheckOptions> = {}): Promise<string[]> {
  const checked = (await all(lines)).map((line) => checkLine(line, { ...options, ...more }));
  for (const { row, faults } of checked) if (faults.length > 0) expect(row).toBeNull();
  return checked.flatMap(({ line, faults }) => faults.map(({ field, problem }) => `${line} ${field}: ${problem}`));
}

/** Rows of a file in which nothing is wrong. */
async function rowsOf(lines: AsyncIterable<ImportLine>, more: Partial<CheckOptions> = {}) {
  return (await all(lines)).map((line) => {
    const { row, faults } = checkLine(line, { ...options, ...more });
    expect(faults).toEqual([]);
    return row;
  });
}

const csv = (text: string) => readCsv(file(text));
const ndjson = (...rows: readonly unknown[]) =>
  readNdjson(file(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')));

const person = { firstName: 'Ada', lastName: 'Byron' };

describe('records of a CSV file', () => {
  const shown = (records: readonly CsvRecord[]) =>
    records.map((each) =>
      'cells' in each ? `${each.line} ${JSON.stringify(each.cells)}` : `${each.line} ${each.problem}`,
    );

  test('have the line they begin on, whatever is in them and wherever a chunk ends', async () => {
    const text = '\uFEFFa,b\r\n1,"x\r\ny\nz"\r\n\r\n"2 ""q""",\r\n3,é';
    for (const piece of [1, 2, 3, 7, 1000]) {
      expect(shown(await all(csvRecords(file(text, piece))))).toEqual([
        '1 ["a","b"]',
        '2 ["1","x\\r\\ny\\nz"]',
        '5 [""]',
        '6 ["2 \\"q\\"",""]',
        '7 ["3","é"]',
      ]);
    }
  });

  test('that break the rules of quotes hide nothing of what follows', async () => {
    const text = 'a,b\n"x"y,1\n5" nail,2\n"Dr. "Bo" X",3\n4,"open\n5,"fine"\n6,"never closed\n7,8\n';
    for (const piece of [1, 5, 1000]) {
      expect(shown(await all(csvRecords(file(text, piece))))).toEqual([
        '1 ["a","b"]',
        '2 has a quote within a cell that is not doubled',
        '3 has a quote within a cell that is not quoted as a whole',
        '4 has a quote within a cell that is not doubled',
        '5 has a quote within a cell that is not doubled',
        '6 ["5","fine"]',
        '7 has a quote that is never closed',
        '8 ["7","8"]',
      ]);
    }
  });

  test('that do not end are given up before they fill the memory', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from('a,b\n1,"');
      for (; given < 20 * LONGEST_LINE; given += 65_536) yield Buffer.alloc(65_536, 'x');
      yield Buffer.from('\n2,3\n');
    }
    const found: string[] = [];
    for await (const record of csvRecords(endless())) {
      found.push(...shown([record]));
      if ('problem' in record) expect(given).toBeLessThan(2 * LONGEST_LINE);
    }
    expect(found).toEqual([
      '1 ["a","b"]',
      `2 has a quote that is never closed, or is longer than ${LONGEST_LINE / 1024} KiB`,
      '3 ["2","3"]',
    ]);
  });

  test('come back as they were written', async () => {
    const cell = fc.oneof(fc.string(), fc.constantFrom('"', '""', ',', '\n', '\r\n', ' ', '\uFEFF', '\\N', 'é\u2028'));
    const record = fc.array(cell, { minLength: 1, maxLength: 4 });
    const quoted = (cells: readonly string[]) => cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(',');
    const property = fc.asyncProperty(
      fc.array(record, { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 40 }),
      async (records, end, piece) => {
        const wanted = records.map((cells) => cells.map((each) => each.toWellFormed()));
        const read = await all(csvRecords(file(wanted.map((cells) => quoted(cells) + end).join(''), piece)));
        expect(read.map((each) => ('cells' in each ? each.cells : each.problem))).toEqual(wanted);
        let line = 1;
        for (const [at, cells] of wanted.entries()) {
          expect(read[at]?.line).toBe(line);
          line += 1 + cells.join('').split('\n').length - 1;
        }
      },
    );
    await fc.assert(property);
  });

  test('never fail on any bytes, and keep their lines', async () => {
    const bytes = fc.array(fc.constantFrom(...[...'ab,"\n\r'].map((each) => each.charCodeAt(0)), 0, 0xff, 0xc3));
    const property = fc.asyncProperty(bytes, fc.integer({ min: 1, max: 9 }), async (content, piece) => {
      const records = await all(csvRecords(file(Uint8Array.from(content), piece)));
      expect(records).toEqual(await all(csvRecords(file(Uint8Array.from(content)))));
      const lines = records.map(({ line }) => line);
      expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
      expect(lines.at(-1) ?? 0).toBeLessThanOrEqual(content.filter((each) => each === 10).length + 1);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe('lines of NDJSON', () => {
  test('end with line feeds only, and those that are too long are not kept', async () => {
    const text = `\uFEFF1\r\n\u2028 2\n${'x'.repeat(LONGEST_LINE + 1)}\n\n4é`;
    for (const piece of [1, 3, 100_000]) {
      expect(await all(textLines(file(text, piece)))).toEqual([
        { line: 1, text: '1\r' },
        { line: 2, text: '\u2028 2' },
        { line: 3, text: null },
        { line: 4, text: '' },
        { line: 5, text: '4é' },
      ]);
    }
  });

  test('have different faults reported by kind', async () => {
    const lines = ndjson(
      { resource: 'patients', operation: 'create', changes: person },
      '',
      '{"resource": "patients", "operation": "crea',
      '[1]',
      '9007199254740993',
      'null',
      { resource: 'patients', operation: 'create', firstName: 'Ada', 'two words': 1, changes: person },
      { resource: 'patients', operation: 'create', changes: 'firstName=Ada' },
      { resource: 'patients', accountId: 1001, account_id: 1001, operation: 'create', changes: person },
      `{"a":${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}}`,
      `{"resource": "${'x'.repeat(LONGEST_LINE)}"}`,
    );
    expect(await faultsOf(lines)).toEqual([
      '3 (line): is not JSON',
      '4 (line): is not a JSON object',
      '5 (line): is not a JSON object',
      '6 (line): is not a JSON object',
      '7 firstName: is no key of a row; fields belong into changes',
      '7 (unprintable): is no key of a row; fields belong into changes',
      '8 changes: is not a JSON object',
      '9 account_id: is given twice',
      '10 (line): is not JSON',
      '11 (line): is longer than 256 KiB',
    ]);
  });

  test('that are not UTF-8 are reported', async () => {
    const latin1 = Buffer.from(JSON.stringify({ changes: { lastName: 'Müller' } }), 'latin1');
    expect(await faultsOf(readNdjson(file(latin1)))).toEqual(['1 (line): is not UTF-8, or was damaged before']);
  });
});

describe('rows of a CSV file', () => {
  const header = 'resource,operation,target_id';

  test('have a change for each cell that is not empty', async () => {
    const lines = csv(
      'resource,operation,accountId,target_id,external_ref,allow_nulls,requestedBy,firstName,email,mobilePhone\r\n' +
        'patients,create,,,crm-1,,,Ada,ada@example.com,\r\n' +
        'patients,update,9007199254740993,9007199254740995,,TRUE,crm,,\\N,"+1 (555) 010-0000"\r\n',
    );
    const [first, second] = await all(lines);
    expect(checkLine(first as ImportLine, options).faults).toEqual([{ field: 'lastName', problem: 'is required' }]);
    expect(checkLine(second as ImportLine, options).row).toEqual({
      resource: 'patients',
      operation: 'update',
      accountId: '9007199254740993',
      locationId: null,
      targetId: '9007199254740995',
      externalRef: null,
      allowNulls: true,
      requestedBy: 'crm',
      changes: '{"email":null,"mobilePhone":"+1 (555) 010-0000"}',
    });
  });

  test('have ids as numbers with all digits, and patients by reference', async () => {
    const lines = csv(
      'resource,operation,location_id,patientId,patientId.externalRef,practitionerId,appointmentTypeId,startDateTime\n' +
        'appointments,create,5,7,,9007199254740993,3,2026-04-01T09:00:00-05:00\n' +
        'appointments,create,5,,crm-17,2,3,2026-04-01T09:00:00-05:00\n',
    );
    const rows = await rowsOf(lines);
    expect(rows.map((row) => row?.changes)).toEqual([
      '{"patientId":7,"practitionerId":9007199254740993,"appointmentTypeId":3,"startDateTime":"2026-04-01T09:00:00-05:00"}',
      '{"patientId":{"externalRef":"crm-17"},"practitionerId":2,"appointmentTypeId":3,"startDateTime":"2026-04-01T09:00:00-05:00"}',
    ]);
  });

  test('may have their changes as JSON', async () => {
    const changes = '"{""firstName"": ""Ada"", ""lastName"": ""O\'Neil""}"';
    const rows = await rowsOf(csv(`resource,operation,changes\npatients,create,${changes}\n`));
    expect(rows[0]?.changes).toBe(`{"firstName":"Ada","lastName":"O'Neil"}`);
    const broken = csv(
      `${header},changes\npatients,update,1,{oops\npatients,update,1,[1]\npatients,update,1,\\N\npatients,create,,{\n`,
    );
    expect(await faultsOf(broken)).toEqual([
      '2 changes: is not JSON',
      '3 changes: is not a JSON object',
      '4 changes: is empty',
      // What is required is not known while the changes are not.
      '5 changes: is not JSON',
    ]);
  });

  test('with nothing but empty cells are passed over, like blank lines', async () => {
    expect(await faultsOf(csv(`${header},email\n\n,,,\npatients,update,1,x\n`))).toEqual([
      '4 email: is not an e-mail address',
    ]);
  });

  test('with a wrong number of cells, a damaged cell or two patients are reported', async () => {
    expect(await faultsOf(csv(`${header},email\npatients,update,1\npatients,update,1,a@example.com,\n`))).toEqual([
      '2 (line): has 3 instead of 4 cells',
      '3 (line): has 5 instead of 4 cells',
    ]);
    const latin1 = Buffer.from(`${header},lastName\npatients,update,1,Müller\n`, 'latin1');
    expect(await faultsOf(readCsv(file(latin1)))).toEqual(['2 lastName: is not UTF-8, or was damaged before']);
    const two = csv(
      'resource,operation,location_id,patientId,patientId.externalRef,practitionerId,appointmentTypeId,startTime\n' +
        'appointments,create,5,7,crm-17,2,3,2026-04-01T09:00:00-05:00\n' +
        'appointments,create,5,,\\N,2,3,2026-04-01T09:00:00-05:00\n',
    );
    expect(await faultsOf(two)).toEqual([
      '2 patientId: is given twice, as patientId.externalRef too',
      '3 patientId: can not be null',
    ]);
  });

  test('are checked even if the header has faults, which are reported once', async () => {
    const text = `${header},Email address,emial,operation,email,constructor\n`;
    const lines = csv(`${text}patients,update,1,x,y,z,no address,c\npatients,update,0,x,y,z,a@example.com,c\n`);
    expect(await faultsOf(lines)).toEqual([
      '1 (unprintable): is not a column that is known',
      '1 emial: is not a column that is known',
      '1 operation: is there twice',
      '1 constructor: is not a column that is known',
      '2 email: is not an e-mail address',
      '3 target_id: expected an id, got a number out of range',
    ]);
    expect(await faultsOf(csv(`${header},changes,email\npatients,update,1,,a@example.com\n`))).toEqual([
      '1 changes: can not stand beside columns of single fields',
    ]);
  });

  test('are not read where no header says what they mean', async () => {
    expect(await faultsOf(csv(''))).toEqual(['1 (line): has to name the columns']);
    expect(await faultsOf(csv('a;b\n1;2\n'))).toEqual(['1 (unprintable): is not a column that is known']);
    expect(await faultsOf(csv('a"b,c\nresource,operation\n'))).toHaveLength(1);
  });
});

describe('the check of a row', () => {
  test('reports all faults at once, as the table and a delivery would', async () => {
    const lines = ndjson(
      { operation: 'merge', changes: person },
      { resource: 'invoices', operation: 'create', account_id: 0, location_id: 'x', target_id: -1 },
      {
        resource: 'patients',
        operation: 'create',
        target_id: 5,
        external_ref: '',
        allow_nulls: 1,
        changes: { firstName: ' ' },
      },
      {
        resource: 'patients',
        operation: 'update',
        account_id: 77,
        requested_by: 7,
        changes: { email: null, gender: 'x' },
      },
      { resource: 'patients', operation: 'delete', changes: person },
      { resource: 'appointments', operation: 'delete', target_id: 5 },
      { resource: 'appointments', operation: 'create', external_ref: 17, changes: {} },
      {
        resource: 'appointments',
        operation: 'update',
        target_id: 5,
        changes: { status: 'GONE', startTime: '2026-04-01' },
      },
      { resource: 'patients', operation: 'update', target_id: 5, external_ref: 'a\0b', changes: { 'my key': 1 } },
      {
        resource: 'patients',
        operation: 'update',
        target_id: 5,
        external_ref: 'x'.repeat(1001),
        changes: { email: 'a@b.co' },
      },
    );
    expect(await faultsOf(lines)).toEqual([
      '1 resource: is required',
      '1 operation: must be create or update or delete',
      '2 resource: must be patients or appointments',
      '2 account_id: expected an id, got a number out of range',
      '2 location_id: expected an id, got a text',
      '2 target_id: expected an id, got a number',
      '3 external_ref: must not be empty',
      '3 allow_nulls: must be true or false',
      '3 target_id: is not taken by a create',
      '3 firstName: must not be empty',
      '3 lastName: is required',
      '4 requested_by: expected text, got a number',
      '4 account_id: is not in LOBBIE_ACCOUNT_IDS',
      '4 target_id: is required',
      '4 email: is null, which is sent only where allow_nulls is true',
      '4 gender: belongs to Lobbie, by LOBBIE_PUSH_OWNERS',
      '5 changes: are not taken by a delete',
      '5 target_id: is required',
      '6 operation: appointments can not be deleted; an update of their status cancels them',
      '7 external_ref: expected text, got a number',
      '7 location_id: is required',
      '7 patientId: is required',
      '7 practitionerId: is required',
      '7 appointmentTypeId: is required',
      '7 startTime: is required',
      '8 status: must be one of SCHEDULED, CONFIRMED, CHECKED_IN, IN_TREATMENT, CHECKED_OUT, CANCELLED, NO_SHOW',
      '8 startTime: needs a time and an offset, e.g. 2026-01-15T09:00:00-05:00',
      '9 external_ref: contains a NUL character, which Postgres text cannot hold',
      '9 (unprintable): is not a field that an update takes',
      '10 external_ref: is longer than 1000 bytes',
    ]);
  });

  test('takes what the options say for lines that name none', async () => {
    const defaults = { ...options.defaults, resource: 'patients', operation: 'create', location_id: '5' };
    const lines = ndjson(
      { changes: person },
      { resource: null, location_id: 6, account_id: '9007199254740993', changes: person },
    );
    const rows = await rowsOf(lines, { defaults });
    expect(rows).toMatchObject([
      { resource: 'patients', operation: 'create', accountId: '1001', locationId: '5', requestedBy: 'cli:tester' },
      { resource: 'patients', operation: 'create', accountId: '9007199254740993', locationId: '6' },
    ]);
    expect(await faultsOf(ndjson({ changes: person }), { defaults: {} })).toEqual([
      '1 resource: is required',
      '1 operation: is required',
      '1 account_id: is required',
    ]);
  });

  test('leaves a missing location of a visit that is changed to the mirror; a delivery does not', async () => {
    const visit = { resource: 'appointments', operation: 'update', target_id: 5, changes: { note: 'moved' } } as const;
    const [row] = await rowsOf(ndjson(visit));
    expect(row?.locationId).toBeNull();
    const stored = { ...visit, accountId: '1001', locationId: null, targetId: '5', allowNulls: false };
    expect(validateRow(stored, options).faults).toMatchObject([{ field: 'location_id' }]);
    expect(validateRow({ ...stored, operation: 'create', targetId: null }, options).faults[0]).toEqual({
      field: 'location_id',
      problem: 'is required',
    });
  });

  test('passes on what the writer gave, not what was made of it', async () => {
    const given = { dateOfBirth: '1980-12-10T00:00:00Z', mobilePhone: '+1 (555) 010-0000', email: 'ADA@example.com' };
    const [row] = await rowsOf(ndjson({ resource: 'patients', operation: 'update', target_id: 5, changes: given }));
    expect(row?.changes).toBe(JSON.stringify(given));
    const visit =
      '{"resource":"appointments","operation":"update","target_id":9007199254740993,"changes":{"practitionerId":9007199254740995}}';
    const [moved] = await rowsOf(ndjson(visit));
    expect(moved).toMatchObject({ targetId: '9007199254740993', changes: '{"practitionerId":9007199254740995}' });
  });

  test('never repeats a value, and inserts only what a delivery would take', async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('marker', 'marker@example.com', '2026-01-01T00:00:00Z', 7, '7', null),
    );
    const name = fc.constantFrom(
      'firstName',
      'lastName',
      'email',
      'patientId',
      'startTime',
      'practitionerId',
      'note',
      'marker words',
    );
    const column = fc.constantFrom(
      'account_id',
      'locationId',
      'target_id',
      'external_ref',
      'allow_nulls',
      'requested_by',
    );
    // Rows in which nothing is wrong, and then some of it replaced.
    const sound = fc.constantFrom<Record<string, unknown>>(
      { resource: 'patients', operation: 'create', changes: person },
      { resource: 'patients', operation: 'update', target_id: 7, changes: { email: 'marker@example.com' } },
      { resource: 'patients', operation: 'delete', target_id: '7' },
      { resource: 'appointments', operation: 'update', targetId: 7, changes: { note: 'marker' } },
    );
    const word = fc.constantFrom(
      {},
      {},
      {},
      { resource: 'appointments' },
      { resource: 'marker' },
      { operation: 'delete' },
    );
    const spoilt = fc.dictionary(name, value, { maxKeys: 2 });
    const own = fc.dictionary(column, value, { maxKeys: 1 });
    let fit = 0;
    const property = fc.asyncProperty(sound, word, own, spoilt, async (base, words, columns, more) => {
      const changes = Object.keys(more).length === 0 ? {} : { changes: { ...(base['changes'] as object), ...more } };
      const [read] = await all(ndjson(stringifyJson({ ...base, ...words, ...columns, ...changes })));
      const { row, faults } = checkLine(read as ImportLine, options);
      expect(JSON.stringify(faults)).not.toContain('marker');
      expect(row === null).toBe(faults.length > 0);
      if (row === null) return;
      fit += 1;
      const again = validateRow({ ...row, changes: JSON.parse(row.changes) }, { ...options, beforeInsert: true });
      expect(again.faults).toEqual([]);
      expect(row.operation === 'create').toBe(row.targetId === null);
    });
    await fc.assert(property, { numRuns: 3000 });
    expect(fit).toBeGreaterThan(100);
  });
});
