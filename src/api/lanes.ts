import type { Job } from './gate.ts';

/** Priorities below this one are urgent: deliveries to Lobbie. Reads have 5, or 4 when they are repeated. */
const URGENT_BELOW = 4;

/**
 * The waiting jobs by priority, the oldest of a priority first. While both urgent and other jobs wait, the urgent ones get only a
 * fraction of the starts, the first start included, so that a long queue of them does not delay the others for hours. If only one kind
 * waits, it gets every start.
 */
export class Lanes {
  readonly #lanes: Job[][] = Array.from({ length: 10 }, () => []);
  /** The number of starts that urgent jobs may still take of their fraction. */
  #credit = 1;

  add(job: Job): void {
    this.#lanes[job.priority]?.push(job);
  }

  /**
   * Takes the job that starts next; undefined when none waits.
   *
   * @param urgentFraction the fraction of starts for urgent jobs while others wait, more than 0 to 1
   */
  take(urgentFraction: number): Job | undefined {
    const urgent = this.#first(0, URGENT_BELOW);
    const other = this.#first(URGENT_BELOW, this.#lanes.length);
    if (urgent === undefined || other === undefined) {
      this.#credit = 1;
      return (urgent ?? other)?.shift();
    }
    // Sums of fractions such as 0.1 fall short of a whole one by a rounding error.
    const theirs = this.#credit > 1 - 1e-9;
    this.#credit += urgentFraction - (theirs ? 1 : 0);
    return (theirs ? urgent : other).shift();
  }

  /** The most urgent lane of a range that has a waiting job. */
  #first(from: number, to: number): Job[] | undefined {
    for (const lane of this.#lanes.slice(from, to)) {
      while (lane[0]?.waiting() === false) lane.shift();
      if (lane.length > 0) return lane;
    }
    return undefined;
  }
}
