/**
 * A Postgres of one's own: real server binaries from npm, so that nothing has to be installed or configured before the
 * first run. Production points DATABASE_URL at a managed server instead and never comes here.
 */
export { findEmbeddedPostgres, findLocalPostgres, type PostgresBinaries } from './binaries.ts';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.ts';
