import { DECISIONS, EVENTS, type Event, STATES, type State, type Step, type TABLE } from '../../src/push/states.ts';

type Table = typeof TABLE;
interface Move extends Step {
  readonly from: State;
  readonly event: Event;
}

/** Every step of a table. */
function movesOf(table: Table): readonly Move[] {
  return STATES.flatMap((from) =>
    EVENTS.flatMap((event) => {
      const step = table[from][event];
      return typeof step === 'string' ? [] : [{ from, event, ...step }];
    }),
  );
}

const BY_A_PERSON: ReadonlySet<Event> = new Set(DECISIONS);
const PROOFS: ReadonlySet<Event> = new Set(['there', 'proven', 'found_one', 'adopted']);
const SENT: ReadonlySet<State> = new Set(['in_flight', 'in_flight_again']);
const DOUBTED: ReadonlySet<State> = new Set(['in_doubt', 'in_flight_again', 'asking']);
const LOOKED_AT: ReadonlySet<State> = new Set(['pending', 'in_doubt']);
const FOR_A_PERSON: ReadonlySet<State> = new Set(['asking', 'conflict', 'rejected', 'failed']);
const ENDED: ReadonlySet<State> = new Set(['succeeded', 'cancelled']);

/** What each step of a table has to be like; the name says what would go wrong otherwise. */
const RULES: readonly (readonly [rule: string, holds: (move: Move) => boolean])[] = [
  ['only a proof makes a row succeed', (m) => m.state !== 'succeeded' || PROOFS.has(m.event)],
  ['a row that succeeds is stored in the mirror', (m) => m.state !== 'succeeded' || m.effects.includes('store')],
  ['only what succeeds is stored', (m) => !m.effects.includes('store') || m.state === 'succeeded'],
  ['only a claim sends', (m) => SENT.has(m.from) || SENT.has(m.state) === (m.event === 'claimed')],
  ['a claim is made from where Lobbie was looked at', (m) => m.event !== 'claimed' || LOOKED_AT.has(m.from)],
  ['what is sent differs from what Lobbie has', (m) => m.effects.includes('send') === (m.event === 'absent')],
  ['a send leaves the state to the claim', (m) => !m.effects.includes('send') || m.state === m.from],
  ['a write under way ends by its answer', (m) => !SENT.has(m.from) || !SENT.has(m.state)],
  ['a person does not decide about a write under way', (m) => !SENT.has(m.from) || !BY_A_PERSON.has(m.event)],
  [
    'a doubt is forgotten by a person only',
    (m) => !DOUBTED.has(m.from) || m.state !== 'pending' || m.event === 'again',
  ],
  ['a doubt that is sent again stays one', (m) => m.from !== 'in_doubt' || m.state !== 'in_flight'],
  [
    'a write whose outcome is unknown is in doubt',
    (m) => !['unproven', 'unclear', 'unanswered', 'abandoned'].includes(m.event) || m.state === 'in_doubt',
  ],
  ['what was sent is not cancelled', (m) => m.state !== 'cancelled' || !DOUBTED.has(m.from)],
  [
    'a row that can not be decided without a person tells one',
    (m) => {
      const tells = BY_A_PERSON.has(m.event) || m.effects.includes('ask');
      return !FOR_A_PERSON.has(m.state) || tells;
    },
  ],
  ['what waits is looked at later', (m) => !m.effects.includes('wait') || LOOKED_AT.has(m.state)],
  [
    'what could not be decided now waits before it is looked at again',
    (m) =>
      !['away', 'too_early', 'not_done', 'unproven', 'unclear', 'unanswered', 'abandoned'].includes(m.event) ||
      m.effects.includes('wait'),
  ],
  ['what a person decides goes on', (m) => !['resolved', 'again'].includes(m.event) || m.state === 'pending'],
  [
    'only a person takes a row out of its waiting',
    (m) => !['asking', 'conflict'].includes(m.from) || BY_A_PERSON.has(m.event),
  ],
  ['the end is the end', (m) => !ENDED.has(m.from)],
  [
    'what was given up is tried again by a person only',
    (m) => !['rejected', 'failed'].includes(m.from) || BY_A_PERSON.has(m.event),
  ],
  [
    'what may have been carried out is not refused by a check here',
    (m) => m.from !== 'in_doubt' || m.event !== 'invalid' || m.state === 'asking',
  ],
  [
    'a conflict keeps what Lobbie has',
    (m) => m.event !== 'both_changed' || (m.state === 'conflict' && m.effects.includes('keep')),
  ],
  ['what is due is looked at', (m) => m.event !== 'due' || (m.state === m.from && m.effects.includes('look'))],
];

/** What has to be possible: a row must not wait for ever. */
const POSSIBLE: readonly (readonly [rule: string, from: readonly State[], events: readonly Event[]])[] = [
  [
    'a row that is looked at can be due, be sent and end',
    [...LOOKED_AT],
    ['due', 'absent', 'claimed', 'there', 'away', 'both_changed'],
  ],
  [
    'a write that was sent has every answer',
    [...SENT],
    ['proven', 'unproven', 'another', 'refused', 'refused_oddly', 'not_done', 'unclear', 'unanswered', 'abandoned'],
  ],
  [
    'a doubt has its searches and its limits',
    ['in_doubt'],
    ['found_one', 'found_unclear', 'too_early', 'said_done', 'exhausted'],
  ],
  ['a person can settle a doubt', ['in_doubt', 'asking'], ['adopted', 'again']],
  ['a person can settle a conflict', ['conflict'], ['resolved', 'cancelled']],
  ['what was given up can be tried again', ['rejected', 'failed'], ['retried', 'cancelled']],
];

/** The rules that a table breaks, with the steps that break them. Empty: none. */
export function brokenRules(table: Table): readonly string[] {
  const moves = movesOf(table);
  const broken = RULES.flatMap(([rule, holds]) =>
    moves.filter((move) => !holds(move)).map(({ from, event, state }) => `${rule}: ${from}, ${event} -> ${state}`),
  );
  const missing = POSSIBLE.flatMap(([rule, from, events]) =>
    from.flatMap((state) =>
      events.filter((event) => typeof table[state][event] === 'string').map((event) => `${rule}: ${state}, ${event}`),
    ),
  );
  const reached = new Set<State>(['pending']);
  for (const _round of STATES) for (const { from, state } of moves) if (reached.has(from)) reached.add(state);
  const unreached = STATES.filter((state) => !reached.has(state)).map((state) => `no way leads to ${state}`);
  return [...broken, ...missing, ...unreached];
}
