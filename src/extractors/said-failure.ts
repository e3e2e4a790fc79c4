/** Fields in which APIs name what went wrong. Empty, they say that nothing did. */
const FAULTS = ['error', 'errors', 'exception', 'fault'];
/** Fields that are false when a request failed. */
const SUCCEEDED = ['success', 'ok'];
/** Fields that are true when an answer is only a part of what was asked for. */
const PARTIAL = ['partial', 'isPartial', 'incomplete', 'truncated', 'timedOut', 'timed_out'];

/**
 * The field in which an answer says of itself that it failed, or that it is not all there is. Such an answer may look complete
 * otherwise: an array without rows, or a record whose fields are null. Pure.
 *
 * @param known fields that the contract has: they mean what it says
 * @returns undefined when the answer says nothing of the kind
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

function hasContent(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
