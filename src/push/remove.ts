import type { PushContext } from './context.ts';
import { mergedInto } from './decide.ts';
import { askPerson, notYetAgain, settleUnproven } from './doubt.ts';
import { readBack } from './lobbie.ts';
import type { OutboxRow } from './row.ts';
import { type RowOutcome, settleAs, settleFailure } from './settle.ts';
import { sendWrite } from './write.ts';

/** Sends a delete. It is done when Lobbie no longer has the record by its id, whatever the answer said. */
export async function deliverDelete(context: PushContext, row: OutboxRow, id: string): Promise<RowOutcome> {
  const waits = row.status === 'in_doubt' ? await notYetAgain(context, row) : undefined;
  if (waits !== undefined) return waits;
  const written = await sendWrite(context, row, undefined);
  if (written.kind === 'lost') return 'left';
  const gone = written.kind === 'refused' && written.error.code === 'api.not_found';
  if (written.kind !== 'done' && !gone) return await settleFailure(context, row, written);
  const status = written.kind === 'done' ? written.status : 404;
  const reading = await readBack(context, row, id);
  if (reading?.found === 'none') {
    const attempt = { id: written.attempt, end: { outcome: 'done', httpStatus: status } } as const;
    const verdict = { status: 'succeeded', resultId: id } as const;
    return await settleAs(context, row, { verdict, removed: true, attempt, by: 'answer' }, 'succeeded');
  }
  const attempt = { id: written.attempt, end: { outcome: 'unknown', httpStatus: status } } as const;
  if (reading?.found === 'another') return await askPerson(context, row, mergedInto(reading.id), attempt);
  const what = reading === undefined ? 'it can not be read' : 'the record is still there';
  return await settleUnproven(context, row, what, { status }, attempt);
}
