/** The longest accepted wait: a bogus date must not stop a sync for years. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/** Some gateways send an instant since 1970: numbers from the first limit on are such seconds, from the second on milliseconds. */
const EPOCH_SECONDS_FROM = 1e9;
const EPOCH_MS_FROM = 1e12;

/**
 * How long a `Retry-After` header asks to wait, in milliseconds from `now`. The format is that of RFC 9110, 10.2.3: whole seconds or
 * an HTTP date. Fractions of a second, and seconds or milliseconds since 1970, are accepted too. A date in the past gives 0; more
 * than seven days are cut to seven. Pure.
 *
 * @returns undefined when the header is missing or has none of these forms
 */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) {
    const figure = Number(text);
    const instant = figure >= EPOCH_MS_FROM ? figure : figure * 1000;
    const wait = figure >= EPOCH_SECONDS_FROM ? instant - now.getTime() : instant;
    return Math.min(Math.max(Math.ceil(wait), 0), LONGEST_MS);
  }
  // Only texts with a month's name or in ISO form: Date.parse takes "-5" and "3 apples" for dates too.
  if (!/[A-Za-z]{3}.*\d{2}:\d{2}|^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now.getTime(), 0), LONGEST_MS);
}
