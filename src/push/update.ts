import { stringifyJson } from '../api/json.ts';
import type { LoneRecord } from '../core/row.ts';
import { writableFields } from '../core/writable.ts';
import type { PushContext } from './context.ts';
import { mergedInto } from './decide.ts';
import { adopt, askPerson, notYetAgain, settleUnproven } from './doubt.ts';
import { asRecord, readBack } from './lobbie.ts';
import type { FieldMerge } from './merge.ts';
import { type Altered, type Proof, proofByAnswer, proofByReading, type SentUpdate } from './proof.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { type RowOutcome, settleAs, settleFailure } from './settle.ts';
import { sendWrite, type Written } from './write.ts';

/** Sends an update and settles it by its proof: by the answer if that has the record and the values, else by one more reading. */
export async function deliverUpdate(
  context: PushContext,
  row: OutboxRow,
  now: LoneRecord,
  body: JsonObject,
): Promise<RowOutcome> {
  const waits = row.status === 'in_doubt' ? await notYetAgain(context, row) : undefined;
  if (waits !== undefined) return waits;
  // If the mirror had no record, the one just read becomes the base, so that a later doubt can be compared with it.
  const known = { ...row, baseText: row.baseText ?? stringifyJson(now.record) ?? null };
  const written = await sendWrite(context, known, body);
  if (written.kind === 'lost') return 'left';
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  return await settleUpdate(context, known, now, body, written);
}

async function settleUpdate(
  context: PushContext,
  row: OutboxRow,
  now: LoneRecord,
  body: JsonObject,
  written: Extract<Written, { readonly kind: 'done' }>,
): Promise<RowOutcome> {
  const fields = writableFields(row.resource, 'listing');
  const update: SentUpdate = { fields, id: now.id, sent: body, before: now.record };
  const answer = asRecord(written.body);
  let proof: Proof = proofByAnswer(update, answer);
  let readAt = written.answeredAt;
  if (proof.kind === 'unproven') {
    const reading = await readBack(context, row, now.id);
    if (reading?.found === 'record') {
      proof = proofByReading(update, answer, reading.record);
      readAt = reading.readAt;
    } else if (reading?.found === 'another') proof = { kind: 'another', id: reading.id };
  }
  if (proof.kind !== 'proven') {
    const attempt = { id: written.attempt, end: { outcome: 'unknown', httpStatus: written.status } } as const;
    if (proof.kind === 'another') return await askPerson(context, row, mergedInto(proof.id), attempt);
    const what = proof.kind === 'absent' ? `the record does not have ${proof.fields.join(', ')}` : 'it can not be read';
    return await settleUnproven(context, row, what, written, attempt);
  }
  // Fields that an answer leaves out have the values that were read before.
  const record = { ...now.record, ...body, ...proof.seen };
  const ending = {
    verdict: { status: 'succeeded', resultId: now.id, error: noteOf(proof.other, proof.altered) },
    attempt: { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } },
    record: { ...now, record, readAt, written: Object.keys(body) },
    written: Object.fromEntries(Object.keys(body).map((field) => [field, record[field]])),
    by: 'answer',
  } as const;
  const { altered } = proof;
  const outcome = altered.emptied ? 'emptied' : altered.fields.length > 0 ? 'altered' : 'succeeded';
  return await settleAs(context, row, ending, outcome);
}

/** A note on a row that succeeded: what Lobbie has otherwise than it was sent, and what it changed unasked. Names of fields only. */
export function noteOf(other: readonly string[], altered: Altered): string | null {
  const printable = altered.fields.map((name) => (/^[A-Za-z_]\w{0,63}$/.test(name) ? name : '(unprintable)'));
  const notes = [
    ...(other.length > 0 ? [`${other.join(', ')}: carried out, but Lobbie has another value than the one sent`] : []),
    ...(printable.length > 0 ? [`${printable.join(', ')}: changed with it, although not sent`] : []),
  ];
  return notes.length > 0 ? notes.join('; ') : null;
}

/** Settles an update with nothing to send: Lobbie wins, or already has the values, perhaps from an earlier send of this row. */
export async function settleUnchanged(
  context: PushContext,
  row: OutboxRow,
  merged: readonly FieldMerge[],
  record: LoneRecord,
): Promise<RowOutcome> {
  if (row.status !== 'in_doubt') {
    const verdict = { status: 'succeeded', resultId: record.id } as const;
    return await settleAs(context, row, { verdict, record, by: 'check' }, 'succeeded');
  }
  const there = merged.filter(({ verdict }) => verdict === 'already');
  return await adopt(context, row, record, Object.fromEntries(there.map(({ field, now }) => [field, now])));
}
