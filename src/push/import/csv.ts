import { parseJson } from '../../api/json.ts';
import { isId } from '../../core/ids.ts';
import { SELF_SCHEDULING_FIELDS, WRITABLE, type WritableKind } from '../../core/writable.ts';
import type { JsonObject } from '../row.ts';
import type { Fault } from '../validate.ts';
import { csvRecords } from './csv-records.ts';
import {
  asObject,
  DAMAGED,
  type Given,
  type ImportLine,
  isDamaged,
  LINE,
  NO_OBJECT,
  type OwnColumn,
  ownColumn,
  shownName,
} from './line.ts';

/** The meaning of a column of the file. */
type Column =
  | { readonly kind: 'own'; readonly name: OwnColumn }
  | { readonly kind: 'field'; readonly name: string; readonly id: boolean }
  /** A reference to the row that creates the patient. */
  | { readonly kind: 'reference'; readonly name: string }
  | { readonly kind: 'changes'; readonly name: 'changes' }
  | { readonly kind: 'unknown'; readonly name: string };

/** A cell that means null, as Postgres writes it. An empty cell means that the value is absent. */
const NULL = '\\N';
const REFERENCE = 'patientId.externalRef';

/** The kind of every field of every resource, by all accepted names; no name means two kinds. */
const KINDS: ReadonlyMap<string, WritableKind> = new Map(
  [...Object.values(WRITABLE), SELF_SCHEDULING_FIELDS].flatMap((fields) =>
    Object.entries(fields).flatMap(([name, { kind, aliases = [] }]) =>
      [name, ...aliases].map((each) => [each, kind] as const),
    ),
  ),
);

/** Reads a CSV file as a stream. Faults of its header are reported once, and the lines are read all the same. */
export async function* readCsv(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImportLine> {
  let columns: readonly Column[] | undefined;
  for await (const record of csvRecords(source)) {
    const { line } = record;
    if ('problem' in record) {
      const faults = [{ field: LINE, problem: record.problem }];
      yield { line, given: null, faults, header: columns === undefined };
      // Without a header the meaning of the cells is unknown.
      if (columns === undefined) return;
    } else if (columns === undefined) {
      const header = readHeader(record.cells);
      columns = header.columns;
      if (header.faults.length > 0) yield { line, given: null, faults: header.faults, header: true };
      if (columns.every((column) => column.kind === 'unknown')) return;
    } else if (record.cells.some((cell) => cell !== '')) {
      yield readCells(columns, record.cells, line);
    }
  }
  if (columns === undefined) {
    yield { line: 1, given: null, faults: [{ field: LINE, problem: 'has to name the columns' }], header: true };
  }
}

/** Determines the columns from the header. Pure. */
export function readHeader(cells: readonly string[]): {
  readonly columns: readonly Column[];
  readonly faults: Fault[];
} {
  const faults: Fault[] = [];
  const names = new Set<string>();
  const columns = cells.map((cell): Column => {
    const column = columnOf(cell.trim());
    if (column.kind === 'unknown') {
      faults.push({ field: shownName(column.name), problem: 'is not a column that is known' });
    } else if (names.has(column.name)) {
      faults.push({ field: column.name, problem: 'is there twice' });
      return { kind: 'unknown', name: column.name };
    }
    names.add(column.name);
    return column;
  });
  const kinds = new Set(columns.map(({ kind }) => kind));
  if (kinds.has('changes') && (kinds.has('field') || kinds.has('reference'))) {
    faults.push({ field: 'changes', problem: 'can not stand beside columns of single fields' });
  }
  return { columns, faults };
}

function columnOf(name: string): Column {
  const own = ownColumn(name);
  if (own !== undefined) return { kind: 'own', name: own };
  if (name === 'changes') return { kind: 'changes', name };
  if (name === REFERENCE) return { kind: 'reference', name };
  const kind = KINDS.get(name);
  return kind === undefined
    ? { kind: 'unknown', name }
    : { kind: 'field', name, id: kind === 'id' || kind === 'patient' };
}

/** Reads the cells of one line. Pure. */
export function readCells(columns: readonly Column[], cells: readonly string[], line: number): ImportLine {
  if (cells.length !== columns.length) {
    const problem = `has ${cells.length} instead of ${columns.length} cells`;
    return { line, given: null, faults: [{ field: LINE, problem }] };
  }
  const faults: Fault[] = [];
  const own = new Map<OwnColumn, unknown>();
  const fields: Record<string, unknown> = {};
  let changes: Given['changes'] = {};
  columns.forEach((column, at) => {
    const cell = cells[at] ?? '';
    if (cell === '' || column.kind === 'unknown') return;
    const { name } = column;
    if (isDamaged(cell)) faults.push({ field: name, problem: DAMAGED });
    const value = cell === NULL ? null : cell;
    if (column.kind === 'own') own.set(column.name, value);
    else if (column.kind === 'field') {
      if (name in fields) faults.push(TWO_PATIENTS);
      fields[name] = column.id && value !== null ? idValue(value) : value;
    } else if (column.kind === 'reference') {
      if ('patientId' in fields) faults.push(TWO_PATIENTS);
      fields['patientId'] = value === null ? null : { externalRef: value };
    } else if (value !== null) {
      const read = readChanges(value);
      if (typeof read === 'string') faults.push({ field: name, problem: read });
      changes = typeof read === 'string' ? null : read;
    }
  });
  return { line, given: { own, changes: changes === null ? null : { ...changes, ...fields } }, faults };
}

const TWO_PATIENTS: Fault = { field: 'patientId', problem: `is given twice, as ${REFERENCE} too` };

/** An id as a number for JSON, without rounding. A text that is no id stays text and fails its check. */
const idValue = (text: string): unknown => (isId(text) ? parseJson(text) : text);

/** The JSON object of a cell, or the fault of its text. Pure. */
function readChanges(text: string): JsonObject | string {
  try {
    return asObject(parseJson(text)) ?? NO_OBJECT;
  } catch {
    // The parser's own message is left out, because it quotes the cell.
    return 'is not JSON';
  }
}
