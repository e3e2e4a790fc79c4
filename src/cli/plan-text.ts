import type { NightlyPlan } from '../app/types.ts';
import { count, duration, plural, table } from './format.ts';
import type { Output } from './output.ts';

/** `12 %`, `0.3 %`, `<0.1 %`. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '<0.1 %';
  return `${percent < 10 ? percent.toFixed(1).replace(/\.0$/, '') : Math.round(percent)} %`;
}

/** The parts of the nightly sync with their resources, as cells. Pure. */
export function planCells(plan: NightlyPlan): string[][] {
  let phase = '';
  return plan.lines.map((line) => {
    const first = line.phase !== phase;
    phase = line.phase;
    return [first ? phase : '', line.resource, count(line.requests), share(line.requests, plan.requests), line.why];
  });
}

/** What the nightly sync takes, as sentences. Pure. */
export function totalSentences(plan: NightlyPlan, requestsPerSecond: number): string[] {
  const { requests, range, minutes, fullRead, budget } = plan;
  const expected = `With the changes of the day, which nobody knows yet: ${count(range.from)} to ${count(range.to)} requests.`;
  const whole = `${plural(requests, 'request')}, ${duration(minutes * 60_000)} at ${requestsPerSecond} a second, ${share(requests, fullRead)} of a full read (${count(fullRead)})`;
  if (budget === null) return [`Tonight: ${whole}.`, expected];
  return [
    `Tonight: ${whole}.`,
    expected,
    budget >= requests
      ? `The budget of ${count(budget)} is enough.`
      : `The budget of ${count(budget)} ends before: ${plural(requests - budget, 'request is', 'requests are')} left to the next nightly sync.`,
  ];
}

export interface TargetSentence {
  readonly kept: boolean;
  readonly sentence: string;
}

/** Whether every row is checked within the freshness target, and which budget would suffice. Pure. */
export function targetSentence(plan: NightlyPlan): TargetSentence {
  const { budget, budgetForFloor, daysToComeRound, freshnessDays } = plan;
  const target = `Freshness target of ${plural(freshnessDays, 'day')}`;
  if (budget === null) {
    return { kept: true, sentence: `${target}: met; ${count(budgetForFloor)} requests a night would be enough.` };
  }
  const needed = `${count(budgetForFloor)} requests a night would meet it`;
  if (daysToComeRound === null) {
    return {
      kept: false,
      sentence: `${target}: not met; the budget leaves nothing for what was checked longest ago. ${needed}.`,
    };
  }
  if (daysToComeRound > freshnessDays) {
    return {
      kept: false,
      sentence: `${target}: falls short by ${plural(daysToComeRound - freshnessDays, 'day')}; within the budget every row is checked once in ${count(daysToComeRound)} days. ${needed}.`,
    };
  }
  const spare =
    budget >= budgetForFloor
      ? ''
      : `, with no night to spare; ${count(budgetForFloor)} requests a night would leave two`;
  return { kept: true, sentence: `${target}: met${spare}.` };
}

export function printPlan(output: Output, plan: NightlyPlan, requestsPerSecond: number): void {
  output.line(
    table(planCells(plan), {
      head: ['part of the sync', 'resource', 'requests', 'share', 'why'],
      right: [2, 3],
      paintHead: (text) => output.paint('dim', text),
    }),
  );
  output.line();
  for (const sentence of totalSentences(plan, requestsPerSecond)) output.line(sentence);
  const { kept, sentence } = targetSentence(plan);
  output.line(output.paint(kept ? 'green' : 'yellow', sentence));
  output.note('estimated from what the warehouse holds now; no request was sent');
}
