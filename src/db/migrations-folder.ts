/** The migrations: beside src/ in a checkout, beside the built code, all of which lies in one folder, in the package. */
export const MIGRATIONS = new URL(
  import.meta.url.endsWith('.ts') ? '../../migrations/' : './migrations/',
  import.meta.url,
);
