/** How the rate reacts to throttling: it goes down by a factor and recovers linearly. Pure. */

const DOWN = 0.7;
const UP_PER_SECOND = 0.05;
const LOWEST = 0.05;
const HOLD_MS = 1000;

export interface Ease {
  /** Starts a second at the instant `at`. */
  readonly rate: number;
  readonly at: number;
  /** When the rate was last reduced; negative infinity when never. */
  readonly easedAt: number;
}

export const fullRate = (rate: number): Ease => ({ rate, at: 0, easedAt: Number.NEGATIVE_INFINITY });

/** The rate at `now`: each second after the last reduction, it recovers by 5 % of the configured rate. */
export function rateAt(ease: Ease, configured: number, now: number): number {
  const seconds = Math.max(now - ease.at, 0) / 1000;
  return Math.min(configured, ease.rate + configured * UP_PER_SECOND * seconds);
}

/**
 * Reduces the rate after a 429 or 503 to 70 %, but not below 5 % of the configured rate. It does so once per second and round trip:
 * answers to requests that were sent before the last reduction say nothing about the reduced rate.
 *
 * @param resumeAt when requests start again (the end of Retry-After); the rate does not recover while nothing is sent
 */
export function easeDown(ease: Ease, configured: number, now: number, sentAt: number, resumeAt: number): Ease {
  if (!Number.isFinite(configured)) return ease;
  const at = Math.max(now, resumeAt);
  const current = rateAt(ease, configured, now);
  if (sentAt <= ease.easedAt || now - ease.easedAt < HOLD_MS) {
    return { rate: current, at: Math.max(ease.at, at), easedAt: ease.easedAt };
  }
  return { rate: Math.max(current * DOWN, configured * LOWEST), at, easedAt: now };
}
