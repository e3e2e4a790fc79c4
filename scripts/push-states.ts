import { readFileSync, writeFileSync } from 'node:fs';
import { EVENTS, STATES, type State, TABLE } from '../src/push/states.ts';

/** Draws the table of src/push/states.ts into docs/push.md. A test fails when the drawing is out of date. */

const FILE = new URL('../docs/push.md', import.meta.url);
const [BEGIN, END] = ['<!-- states: written by npm run push:states -->\n', '<!-- /states -->'];

/** The drawing as a state diagram of Mermaid, one arrow for each pair of states. */
export function drawing(): string {
  const arrows: string[] = [];
  for (const from of STATES) {
    for (const to of STATES) {
      const events = EVENTS.filter((event) => {
        const step = TABLE[from][event];
        // What leaves a row as it is would only hide the rest.
        return typeof step !== 'string' && step.state === to && (from !== to || step.effects.includes('wait'));
      });
      if (events.length > 0) arrows.push(`  ${from} --> ${to}: ${events.join(', ')}`);
    }
  }
  const ends: readonly State[] = ['succeeded', 'cancelled'];
  const lines = ['stateDiagram-v2', '  [*] --> pending', ...arrows, ...ends.map((state) => `  ${state} --> [*]`)];
  return ['```mermaid', ...lines, '```', ''].join('\n');
}

/** The page with the drawing of now. */
export function pageWithDrawing(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('docs/push.md has no place for the drawing');
  return `${before}${BEGIN}${drawing()}${END}${after}`;
}

if (import.meta.main) writeFileSync(FILE, pageWithDrawing(readFileSync(FILE, 'utf8')));
