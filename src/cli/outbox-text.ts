import type { OutboxSummary } from '../app/types.ts';
import { age, count, instant, pairs, plural } from './format.ts';

/** What somebody has to look at, for the sentence of `status`. None of it makes the mirror unwell. Pure. */
export function outboxRemarks({ paused, needsPerson, lostToday }: OutboxSummary): readonly string[] {
  const remarks = [
    ...(paused.pausedAt === null ? [] : ['deliveries are paused']),
    ...(needsPerson === 0 ? [] : [`${plural(needsPerson, 'change waits', 'changes wait')} for a person`]),
    ...(lostToday === 0 ? [] : [`${plural(lostToday, 'change was', 'changes were')} refused or given up within a day`]),
  ];
  // One hint on where to look is enough.
  return remarks.map((remark, at) => (at === remarks.length - 1 ? `${remark} (push status)` : remark));
}

/** Since when deliveries are paused, by whom and why; undefined where they are not. Pure. */
export function pausedText({ pausedAt, pausedBy, reason }: OutboxSummary['paused']): string | undefined {
  if (pausedAt === null) return undefined;
  return `paused since ${instant(pausedAt)} by ${pausedBy ?? 'somebody'}${reason === null ? '' : `: ${reason}`}`;
}

/** How the outbox stands, for a section of `status`; nothing while it is empty and not paused. Pure. */
export function outboxLines(outbox: OutboxSummary, at: Date): readonly string[] {
  const { counts, oldestWaiting } = outbox;
  const paused = pausedText(outbox.paused);
  const filled = Object.entries(counts).filter(([, rows]) => rows > 0);
  return [
    ...(paused === undefined ? [] : [`  ${paused}`]),
    ...(filled.length === 0 ? [] : [pairs(filled.map(([status, rows]) => [status, count(rows)]))]),
    ...(oldestWaiting === null ? [] : [`  the oldest open row is ${age(oldestWaiting, at)} old`]),
  ];
}
