import type { Job } from './gate.ts';

/** Priorities below this one are urgent: deliveries to Lobbie. Reads have 5, or 4 when they are repeated. */
export const URGENT_BELOW = 4;

/**
 * The jobs that wait, by priority; the oldest of a priority first. While urgent jobs and others wait, the urgent ones get only a
 * fraction of the starts, the first start included: a long queue of them must not keep the others waiting for hours. Whoever is alone
 * gets every start.
 */
export class Lanes {
  readonly #lanes: Job[][] = Array.from({ length: 10 }, () => []);
  /** Starts that the urgent jobs have not had yet of those that are theirs, in starts. */
  #credit = 1;

  add(job: Job): void {
    this.#lanes[job.priority]?.push(job);
  }

  /**
   * Takes the job that starts next; undefined when none waits.
   *
   * @param urgentFraction of the starts for urgent jobs while others wait, more than 0 to 1
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

  /** The most urgent lane of a range in which somebody still waits. */
  #first(from: number, to: number): Job[] | undefined {
    for (const lane of this.#lanes.slice(from, to)) {
      while (lane[0]?.waiting() === false) lane.shift();
      if (lane.length > 0) return lane;
    }
    return undefined;
  }
}
