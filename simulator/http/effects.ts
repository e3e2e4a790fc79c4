import type { Row } from '../data/types.ts';
import type { FaultKind, FaultRule } from '../faults.ts';
import type { Answer, ListAnswer } from '../operations/call.ts';

/** What faults remember between the pages of a list. */
export class PageMemory {
  /** Last row before a cursor, for pages that begin one row early. */
  #lastRow = new Map<string, Row>();
  /** Cursors whose page must answer with the same cursor. */
  repeating = new Set<string>();

  /** Remembers the last row of a page by the cursor that follows it. */
  remember(cursor: string, row: Row): void {
    if (this.#lastRow.size > 5000) this.#lastRow.clear();
    this.#lastRow.set(cursor, row);
  }

  /** The row before a cursor. */
  before(cursor: string): Row | undefined {
    return this.#lastRow.get(cursor);
  }
}

/** What a list effect knows. */
export interface EffectInput {
  answer: ListAnswer;
  /** The cursor that was sent. */
  sent: string | undefined;
  /** In [0, 1), seeded. */
  draw: number;
  memory: PageMemory;
}

function repeated({ answer, sent, memory }: EffectInput): ListAnswer {
  if (sent !== undefined) return { ...answer, next: sent };
  if (answer.next !== null) memory.repeating.add(answer.next);
  return answer;
}

function emptyPage({ answer, draw }: EffectInput): ListAnswer {
  // Without a cursor to follow, an empty page would say that the list is empty.
  if (!answer.paginated) return answer;
  return { ...answer, rows: [], positions: [], next: answer.cursor(answer.began, 1 + Math.floor(draw * 1e6)) };
}

function doubled({ answer, draw }: EffectInput): ListAnswer {
  const at = Math.floor(draw * answer.rows.length);
  const row = answer.rows[at];
  return row === undefined ? answer : { ...answer, rows: answer.rows.toSpliced(at, 0, row) };
}

function shifted({ answer, sent, draw, memory }: EffectInput): ListAnswer {
  const before = sent === undefined ? undefined : memory.before(sent);
  if (before === undefined || draw < 0.5) return { ...answer, rows: answer.rows.slice(1) };
  if (answer.next === null || answer.rows.length < 2) return { ...answer, rows: [before, ...answer.rows] };
  const next = answer.cursor(answer.positions.at(-2) as string, 0);
  return { ...answer, rows: [before, ...answer.rows.slice(0, -1)], next };
}

const LIST_EFFECTS: Partial<Record<FaultKind, (input: EffectInput) => ListAnswer>> = {
  'repeated-cursor': repeated,
  'empty-page': emptyPage,
  'doubled-row': doubled,
  shift: shifted,
};

/** A record with a broken required field, or with a wrong type in another one. */
export function breakRow(row: Row, draw: number): Row {
  if (draw < 0.35) return { ...row, id: null };
  if (draw < 0.7) return { ...row, id: 'abc' };
  const fields = Object.keys(row).filter((field) => field !== 'id');
  const field = fields[Math.floor(((draw - 0.7) / 0.3) * fields.length)];
  return field === undefined ? { ...row, id: null } : { ...row, [field]: { unexpected: [true] } };
}

function mapRows(answer: Answer, change: (row: Row, at: number, count: number) => Row): Answer {
  if (answer.kind === 'one') return { ...answer, row: change(answer.row, 0, 1) };
  if (answer.kind === 'none') return answer;
  return { ...answer, rows: answer.rows.map((row, at) => change(row, at, answer.rows.length)) };
}

/** Changes an answer as a fault demands; kinds that act on the connection leave it alone. */
export function applyEffect(rule: FaultRule, answer: Answer, input: Omit<EffectInput, 'answer'>): Answer {
  const effect = LIST_EFFECTS[rule.kind];
  if (effect !== undefined && answer.kind === 'list') return effect({ ...input, answer });
  if (rule.kind === 'bad-record') {
    return mapRows(answer, (row, at, count) => {
      const spread = input.draw * count;
      return at === Math.floor(spread) ? breakRow(row, spread - at) : row;
    });
  }
  if (rule.kind === 'unknown-field')
    return mapRows(answer, (row) => ({ ...row, loyaltyTier: 'gold', internalFlags: { beta: true } }));
  return answer;
}

/** The JSON text of an answer; `withoutKey` leaves a list's array out. */
export function bodyOf(answer: Answer, withoutKey: boolean): string {
  if (answer.kind === 'one') return JSON.stringify(answer.row);
  if (answer.kind === 'bare') return JSON.stringify(answer.rows);
  if (answer.kind === 'none') return '';
  const cursor = answer.paginated ? `"nextCursor":${JSON.stringify(answer.next)}` : '';
  if (withoutKey) return `{${cursor}}`;
  return `{"${answer.key}":${JSON.stringify(answer.rows)}${cursor === '' ? '' : `,${cursor}`}}`;
}
