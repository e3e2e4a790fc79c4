import { writableFields } from '../core/writable.ts';
import type { Verdict } from '../state/outbox/writes.ts';
import type { PushContext } from './context.ts';
import { askPerson, notYetAgain, settleSearch } from './doubt.ts';
import { likenessOf } from './likeness.ts';
import { asRecord, readBack } from './lobbie.ts';
import { proofOfCreate } from './proof.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { searchCreated } from './search.ts';
import { type RowOutcome, scopeOf, settleAs, settleFailure } from './settle.ts';
import { noteOf } from './update.ts';
import { createBody } from './validate.ts';
import { idOf } from './values.ts';
import { sendWrite, type Written } from './write.ts';

/** Sends a create, or searches for the record of one in doubt. */
export async function deliverCreate(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<RowOutcome> {
  if (row.status === 'in_doubt') {
    const settled =
      (await settleSearch(context, row, await searchCreated(context, row, changes))) ??
      (await notYetAgain(context, row));
    if (settled !== undefined) return settled;
  }
  const written = await sendWrite(context, row, createBody(row, changes, context.settings.appointmentBody));
  if (written.kind === 'lost') return 'left';
  if (written.kind === 'refused' && row.status === 'in_doubt' && written.error.code === 'api.conflict') {
    // The record may collide with one that an earlier send of this row made, which the search did not show yet.
    const end = { outcome: 'refused', httpStatus: written.error.status, code: written.error.code } as const;
    const search = await searchCreated(context, row, changes);
    const settled = await settleSearch(context, row, search, { id: written.attempt, end });
    if (settled !== undefined) return settled;
  }
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  return await settleCreate(context, row, changes, written);
}

/** Settles a create that was answered with success. Its record is read by id unless the answer has all that was sent. */
async function settleCreate(
  context: PushContext,
  row: OutboxRow,
  changes: JsonObject,
  written: Extract<Written, { readonly kind: 'done' }>,
): Promise<RowOutcome> {
  const attempt = { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } } as const;
  const doubt = async (error: string) => {
    const verdict: Verdict = { status: 'in_doubt', error, doubtSince: context.clock.now() };
    return await settleAs(context, row, { verdict, attempt, by: 'answer' }, 'in_doubt');
  };
  const fields = writableFields(row.resource, 'listing');
  const answer = asRecord(written.body);
  const id = answer === undefined ? undefined : idOf(answer);
  if (answer === undefined || id === undefined)
    return await doubt('Lobbie answered without an id; the record is searched for by reading back');
  let seen = answer;
  let readAt = written.answeredAt;
  let other: readonly string[] = [];
  if (proofOfCreate(fields, changes, answer).kind !== 'proven') {
    const reading = await readBack(context, row, id);
    if (reading?.found !== 'record')
      return await doubt(
        `Lobbie answered with the record ${id}, which can not be read; it is searched for by reading back`,
      );
    // What Lobbie keeps otherwise is noted, but a record that is somebody else's must not become this row's.
    if (likenessOf(row.resource, changes, reading.record) === 'other')
      return await askPerson(
        context,
        row,
        `Lobbie answered with the record ${id}, which is not like this one`,
        attempt,
      );
    const proof = proofOfCreate(fields, changes, reading.record);
    other = proof.kind === 'absent' ? proof.fields : [];
    seen = reading.record;
    readAt = reading.readAt;
  }
  const verdict = { status: 'succeeded', resultId: id, error: noteOf(other, { fields: [], emptied: false }) } as const;
  const record = { ...scopeOf(row), id, record: seen, readAt, form: 'answer' } as const;
  return await settleAs(context, row, { verdict, attempt, record, written: changes, by: 'answer' }, 'succeeded');
}
