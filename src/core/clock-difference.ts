import { StopError } from './errors.ts';

/**
 * How far another clock is ahead of this machine's, given that it was read between two instants of ours. Pure.
 *
 * @param otherMs,beforeMs,afterMs epoch milliseconds
 * @returns milliseconds, negative when the other is behind; 0 when it lies between the two
 */
export function aheadMs(otherMs: number, beforeMs: number, afterMs: number): number {
  if (otherMs > afterMs) return otherMs - afterMs;
  return otherMs < beforeMs ? otherMs - beforeMs : 0;
}

/** The words for a difference: `120 s ahead of that of Lobbie`. Pure. */
export function differenceText(othersLeadMs: number, whose: string): string {
  const seconds = Math.round(Math.abs(othersLeadMs) / 1000);
  return `${seconds} s ${othersLeadMs > 0 ? 'behind' : 'ahead of'} that of ${whose}`;
}

/** The clock of this machine, or the one it is compared with, was set otherwise in the middle of a run. */
export class ClockJumpedError extends StopError {
  constructor(othersLeadMs: number, whose: string) {
    super(
      'clock.jumped',
      `the clock of this machine is ${differenceText(othersLeadMs, whose)} all of a sudden`,
      'Set the clock right (NTP) and run again: the next run continues. Nothing was stored with the wrong time.',
    );
  }
}
