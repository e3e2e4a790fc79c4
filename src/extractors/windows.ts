/** A range of time that a list is read in, as ISO 8601 instants. A null bound is open. */
export interface Window {
  readonly from: string | null;
  readonly to: string | null;
}

/** Bounds sent where a window is open: some APIs put a default where a bound is missing. */
const BEGINNING = '1900-01-01T00:00:00Z';
const END = '2200-01-01T00:00:00Z';
/** How much neighbouring windows overlap, ms: the API does not say whether bounds are included or how finely they compare. */
const OVERLAP_MS = 1000;

const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/**
 * Cuts time into windows that together cover all of it, so that rows before and after the expected range are found too.
 *
 * @param since where the account's data is expected to begin
 * @param until where it is expected to end
 * @param count how many windows; 1 gives one window over all of time
 */
export function tileWindows(since: Date, until: Date, count: number): Window[] {
  const start = since.getTime();
  const span = until.getTime() - start;
  const inner = span > 0 ? count : 1;
  return Array.from({ length: inner }, (_, index) => ({
    from: index === 0 ? null : iso(start + (span * index) / inner - OVERLAP_MS),
    to: index === inner - 1 ? null : iso(start + (span * (index + 1)) / inner + OVERLAP_MS),
  }));
}

/** The query parameters of a window. */
export function windowQuery(
  window: Window,
  names: { readonly from: string; readonly to: string },
): Record<string, string> {
  return { [names.from]: window.from ?? BEGINNING, [names.to]: window.to ?? END };
}

/** Part of a stream's scope text that distinguishes the windows of one list. */
export const windowLabel = (window: Window): string => `${window.from ?? ''}..${window.to ?? ''}`;
