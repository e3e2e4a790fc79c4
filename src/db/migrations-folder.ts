/** The migrations, beside src/ in a checkout and beside the built code in the package. */
export const MIGRATIONS = new URL('../../migrations/', import.meta.url);
