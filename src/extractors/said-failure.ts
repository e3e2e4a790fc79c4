/** Fields in which APIs report errors. Empty ones mean that there was no error. */
const FAULTS = ['error', 'errors', 'exception', 'fault'];
/** Fields that are false when a request failed. */
const SUCCEEDED = ['success', 'ok'];
/** Fields that are true when an answer has only a part of the requested rows. */
const PARTIAL = ['partial', 'isPartial', 'incomplete', 'truncated', 'timedOut', 'timed_out'];

/**
 * The field in which an answer reports that it failed or is incomplete. Apart from that field, such an answer may look complete: an
 * array without rows, or a record whose fields are null. Pure.
 *
 * @param known the fields of the contract, which have the meaning given there
 * @returns undefined when the answer has no such field
 */
export function saidFailure(
  body: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string> = new Set(),
): string | undefined {
  const names = (candidates: readonly string[]) =>
    candidates.filter((name) => Object.hasOwn(body, name) && !known.has(name));
  return (
    names(FAULTS).find((name) => hasContent(body[name])) ??
    names(SUCCEEDED).find((name) => body[name] === false) ??
    names(PARTIAL).find((name) => body[name] === true)
  );
}

/** Whether a value says something: not null, false, 0, an empty text, array or object. Pure. */
export function hasContent(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
