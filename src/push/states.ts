import type { OutboxStatus } from '../core/writable.ts';

/**
 * The life of an outbox row as one table: in which state what happens, what the state is then, and what is to be done.
 * docs/push.md has it as a drawing.
 */

/** The states of a row. Two of them are kept as status `in_flight`, and two as `in_doubt`; see {@link storedAs}. */
export const STATES = [
  'pending',
  /** Sent for the first time, or after it was certain that nothing had been carried out. */
  'in_flight',
  'in_doubt',
  /** Sent once more after a doubt, so that nothing is certain even if this write is refused. */
  'in_flight_again',
  /** In doubt, and reading back can't settle it: a person has to. */
  'asking',
  'conflict',
  'rejected',
  'failed',
  'succeeded',
  'cancelled',
] as const;
export type State = (typeof STATES)[number];

/** What is seen before a write. */
const LOOKS = [
  /** The row fails a check here. */
  'invalid',
  /** Lobbie has the wanted values, or wins; the record to delete is gone. */
  'there',
  /** Values have to be sent; no record of the create is there. */
  'absent',
  /** Both sides changed a field. */
  'both_changed',
  /** Lobbie has no such record. */
  'missing',
  /** Lobbie has the record of another id in its place. */
  'merged',
  /** Lobbie or the database can't be asked now. */
  'away',
  /** A grant is missing. */
  'forbidden',
  /** This program met an error that it does not know. */
  'broken',
] as const;

/** What a search for the record of a create in doubt shows; that none fits is `absent`. */
const SEARCHES = [
  'found_one',
  /** Several records fit, or one that is not certain. */
  'found_unclear',
] as const;

/** Why a write in doubt that is `absent` is not sent again. */
const LIMITS = [
  /** It may still be under way, or not be visible yet. */
  'too_early',
  /** Lobbie answered the create with success. */
  'said_done',
  /** It was sent too often. */
  'exhausted',
] as const;

/** What becomes of a write. */
const ANSWERS = [
  /** The effect is proven by the answer or by one more reading. */
  'proven',
  /** Answered with success, but the effect does not show. */
  'unproven',
  /** Answered with, or read back as, the record of another id. */
  'another',
  /** Refused for good: a field, a duplicate, a taken slot. */
  'refused',
  /** Refused in another way: a grant, an answer that is not expected. */
  'refused_oddly',
  /** Certainly not carried out, and not refused either. */
  'not_done',
  /** Answered with a fault. */
  'unclear',
  /** No answer came. */
  'unanswered',
  /** The process ended before the answer was stored. */
  'abandoned',
] as const;

/** What a person decides. */
export const DECISIONS = [
  /** A conflict: ours or theirs. */
  'resolved',
  /** A doubt: the create became this record. */
  'adopted',
  /** A doubt: nothing was carried out, so it is sent again. */
  'again',
  'retried',
  'cancelled',
  /** A delete may be sent. */
  'approved',
  /** What is wanted was changed. */
  'edited',
] as const;

/** `due`: nothing keeps the row waiting any more. `claimed`: the rate limiter granted the write a slot, and it is marked in flight. */
export const EVENTS = ['due', ...LOOKS, ...SEARCHES, ...LIMITS, 'claimed', ...ANSWERS, ...DECISIONS] as const;
export type Event = (typeof EVENTS)[number];

/** What is to be done on the way to the next state. */
export type Effect =
  /** Check the row, read its record, or search for it. */
  | 'look'
  /** Send the write once it is claimed. */
  | 'send'
  /** Do nothing with the row before an instant. */
  | 'wait'
  /** Bring the mirror in step with what was carried out or found. */
  | 'store'
  /** Keep what Lobbie has or said with the row, for the person who looks at it. */
  | 'keep'
  /** Tell a person. */
  | 'ask';

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Why an event can't happen to a row. */
export type Refusal =
  /** A write that is not under way has no answer. */
  | 'nothing was sent'
  /** Nobody looks, decides or sends while the answer to a write is awaited. */
  | 'a write is under way'
  /** Nothing is looked at or sent before a person has decided. */
  | 'a person has to decide'
  | 'the row has ended'
  /** Only a create in doubt is searched for, and only a doubt limits what is sent. */
  | 'the row is not in doubt'
  | 'the row is not in conflict'
  /** What was sent stays as it is. */
  | 'the row was sent';

const step = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects });
const refuse = <E extends Event>(why: Refusal, ...events: readonly E[]): Record<E, Refusal> =>
  Object.fromEntries(events.map((event) => [event, why])) as Record<E, Refusal>;

/** The answers to a write that was sent; they are the same whether it was sent before or not, but for those that are given apart. */
const ANSWERED = {
  proven: step('succeeded', 'store'),
  unproven: step('in_doubt', 'wait'),
  another: step('asking', 'ask'),
  refused: step('rejected', 'keep', 'ask'),
  refused_oddly: step('failed', 'keep', 'ask'),
  unclear: step('in_doubt', 'wait'),
  unanswered: step('in_doubt', 'wait'),
  abandoned: step('in_doubt', 'wait'),
  ...refuse('a write is under way', 'due', ...LOOKS, ...LIMITS, 'claimed', ...DECISIONS),
} as const;

/** A row that has ended without success may be tried again. */
const UNSUCCESSFUL = {
  ...refuse('the row has ended', 'due', ...LOOKS, 'claimed'),
  ...refuse('the row is not in doubt', ...SEARCHES, ...LIMITS, 'adopted', 'again'),
  ...refuse('nothing was sent', ...ANSWERS),
  ...refuse('the row is not in conflict', 'resolved'),
  retried: step('pending'),
  cancelled: step('cancelled'),
  approved: 'the row has ended',
} as const;

/** What answers and a person may do to a row that was sent with an unknown outcome. */
const IN_DOUBT = {
  ...refuse('nothing was sent', ...ANSWERS),
  ...refuse('the row is not in conflict', 'resolved'),
  adopted: step('succeeded', 'store'),
  again: step('pending'),
  retried: step('in_doubt'),
  ...refuse('the row was sent', 'cancelled', 'approved', 'edited'),
} as const;

const ENDED = refuse('the row has ended', ...EVENTS);

export const TABLE: Readonly<Record<State, Readonly<Record<Event, Step | Refusal>>>> = {
  pending: {
    due: step('pending', 'look'),
    invalid: step('rejected', 'ask'),
    there: step('succeeded', 'store'),
    absent: step('pending', 'send'),
    both_changed: step('conflict', 'keep', 'ask'),
    missing: step('rejected', 'ask'),
    merged: step('rejected', 'ask'),
    away: step('pending', 'wait'),
    forbidden: step('failed', 'ask'),
    broken: step('failed', 'ask'),
    claimed: step('in_flight'),
    ...refuse('the row is not in doubt', ...SEARCHES, ...LIMITS, 'adopted', 'again'),
    ...refuse('nothing was sent', ...ANSWERS),
    ...refuse('the row is not in conflict', 'resolved'),
    retried: step('pending'),
    cancelled: step('cancelled'),
    approved: step('pending'),
    edited: step('pending'),
  },
  in_flight: {
    ...ANSWERED,
    not_done: step('pending', 'wait'),
    ...refuse('the row is not in doubt', ...SEARCHES),
  },
  in_doubt: {
    due: step('in_doubt', 'look'),
    // It may have been carried out, so it can't be rejected.
    invalid: step('asking', 'ask'),
    there: step('succeeded', 'store'),
    absent: step('in_doubt', 'send'),
    both_changed: step('conflict', 'keep', 'ask'),
    missing: step('rejected', 'ask'),
    merged: step('asking', 'ask'),
    away: step('in_doubt', 'wait'),
    forbidden: step('in_doubt', 'wait'),
    broken: step('asking', 'ask'),
    found_one: step('succeeded', 'store'),
    found_unclear: step('asking', 'ask'),
    too_early: step('in_doubt', 'wait'),
    said_done: step('asking', 'ask'),
    exhausted: step('failed', 'ask'),
    claimed: step('in_flight_again'),
    ...IN_DOUBT,
  },
  in_flight_again: {
    ...ANSWERED,
    not_done: step('in_doubt', 'wait'),
    // It may have collided with what an earlier send made, so a refused create is searched for once more.
    found_one: step('succeeded', 'store'),
    found_unclear: step('asking', 'ask'),
  },
  asking: {
    ...refuse('a person has to decide', 'due', ...LOOKS, ...SEARCHES, ...LIMITS, 'claimed'),
    ...IN_DOUBT,
  },
  conflict: {
    ...refuse('a person has to decide', 'due', ...LOOKS, 'claimed', 'approved'),
    ...refuse('the row is not in doubt', ...SEARCHES, ...LIMITS, 'adopted', 'again'),
    ...refuse('nothing was sent', ...ANSWERS),
    resolved: step('pending'),
    retried: step('pending'),
    cancelled: step('cancelled'),
    edited: step('conflict'),
  },
  rejected: { ...UNSUCCESSFUL, edited: step('rejected') },
  failed: { ...UNSUCCESSFUL, edited: step('failed') },
  succeeded: ENDED,
  cancelled: ENDED,
};

/** A step that the table does not have: a fault of this program. */
export class RefusedStep extends Error {
  constructor(state: State, event: Event, why: Refusal) {
    super(`${event} can not happen to a row that is ${state}: ${why}`);
  }
}

/** The next state of a row, and what is to be done. Pure. @throws RefusedStep when the event can't happen in the state */
export function next(state: State, event: Event): Step {
  const found = TABLE[state][event];
  if (typeof found === 'string') throw new RefusedStep(state, event, found);
  return found;
}

/** How a state is kept in the outbox. */
export interface StoredState {
  readonly status: OutboxStatus;
  readonly needsPerson: boolean;
}

/** The status of a state, and whether the row needs a person to settle a doubt. Pure. */
export function storedAs(state: State): StoredState {
  if (state === 'asking') return { status: 'in_doubt', needsPerson: true };
  return { status: state === 'in_flight_again' ? 'in_flight' : state, needsPerson: false };
}

/** The moves that an event makes, as they are kept: from which states, and to which. An answer is given by the run that sent the write. Pure. */
export function movesBy(event: Event): readonly { readonly from: StoredState; readonly to: StoredState }[] {
  return STATES.flatMap((state) => {
    const found = TABLE[state][event];
    return typeof found === 'string' ? [] : [{ from: storedAs(state), to: storedAs(found.state) }];
  });
}
