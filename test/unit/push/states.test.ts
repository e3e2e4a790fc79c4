import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pageWithDrawing } from '../../../scripts/push-states.ts';
import { OUTBOX_STATUSES } from '../../../src/core/writable.ts';
import {
  EVENTS,
  type Event,
  movesBy,
  next,
  RefusedStep,
  STATES,
  type State,
  type Step,
  storedAs,
  TABLE,
} from '../../../src/push/states.ts';
import { brokenRules } from '../../support/push-table.ts';

const step = (state: State, ...effects: Step['effects']): Step => ({ state, effects });

describe('the table', () => {
  test.each(STATES)('has a step or a refusal by name for every event: %s', (state) => {
    expect(Object.keys(TABLE[state]).sort()).toEqual([...EVENTS].sort());
    for (const event of EVENTS) {
      const found = TABLE[state][event];
      if (typeof found !== 'string') expect(next(state, event)).toBe(found);
      else expect(() => next(state, event)).toThrow(RefusedStep);
    }
  });

  test('keeps every rule of deliveries', () => expect(brokenRules(TABLE)).toEqual([]));

  test('has names for all statuses of the outbox', () => {
    const statuses = new Set(STATES.map((state) => storedAs(state).status));
    expect([...statuses].sort()).toEqual([...OUTBOX_STATUSES].sort());
  });
});

describe('a table that is broken in one place breaks a rule', () => {
  const mutants: readonly (readonly [name: string, state: State, event: Event, step: Step | 'the row has ended'])[] = [
    ['a success without a proof', 'in_flight', 'unproven', step('succeeded', 'store')],
    ['a success that is not stored', 'in_flight', 'proven', step('succeeded')],
    ['an unanswered write that is sent again at once', 'in_flight', 'unanswered', step('pending', 'wait')],
    ['a dead process whose write is forgotten', 'in_flight', 'abandoned', step('pending', 'wait')],
    ['a write sent again without a look', 'in_flight', 'unclear', step('in_flight_again')],
    ['a refusal for now that forgets the doubt before', 'in_flight_again', 'not_done', step('pending', 'wait')],
    ['a doubt that is sent as if it were new', 'in_doubt', 'claimed', step('in_flight')],
    ['a doubt that fails a check and is rejected', 'in_doubt', 'invalid', step('rejected', 'ask')],
    ['a conflict that is sent', 'pending', 'both_changed', step('pending', 'send')],
    ['a conflict without what Lobbie has', 'pending', 'both_changed', step('conflict', 'ask')],
    ['a doubt that nobody hears of', 'in_doubt', 'found_unclear', step('asking')],
    ['a doubt that is cancelled', 'in_doubt', 'cancelled', step('cancelled')],
    ['a person who decides about a write under way', 'in_flight', 'cancelled', step('cancelled')],
    ['a row that is sent from its waiting for a person', 'asking', 'claimed', step('in_flight_again')],
    ['a row that succeeds once more', 'succeeded', 'retried', step('pending')],
    ['a row that is given up and goes on by itself', 'failed', 'due', step('failed', 'look')],
    ['a row without a pause after Lobbie was away', 'pending', 'away', step('pending')],
    ['a doubt that can not be settled by a person', 'asking', 'again', 'the row has ended'],
    ['a row in doubt that is never due', 'in_doubt', 'due', 'the row has ended'],
    ['an answer that is not expected', 'in_flight_again', 'proven', 'the row has ended'],
  ];

  test.each(mutants)('%s', (_name, state, event, mutated) => {
    expect(brokenRules({ ...TABLE, [state]: { ...TABLE[state], [event]: mutated } })).not.toEqual([]);
  });
});

test('what a person may do is known by status', () => {
  const from = (event: Event) =>
    movesBy(event).map((move) => `${move.from.status}${move.from.needsPerson ? ' (asking)' : ''}`);
  expect(from('cancelled')).toEqual(['pending', 'conflict', 'rejected', 'failed']);
  expect(from('retried')).toEqual(['pending', 'in_doubt', 'in_doubt (asking)', 'conflict', 'rejected', 'failed']);
  expect(from('edited')).toEqual(['pending', 'conflict', 'rejected', 'failed']);
  expect(from('adopted')).toEqual(['in_doubt', 'in_doubt (asking)']);
  expect(from('due')).toEqual(['pending', 'in_doubt']);
});

test('docs/push.md has the drawing of now; npm run push:states writes it', () => {
  const page = readFileSync('docs/push.md', 'utf8');
  expect(page).toBe(pageWithDrawing(page));
});
