/** The code of a Node system error (`ENOENT`) or a Postgres error (`57P03`). Decisions depend on it, never on the text. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
