/**
 * The embedded Postgres: real server binaries from npm, so that nothing has to be installed or configured before the first run.
 * In production DATABASE_URL names a managed server, and this code is not used.
 */
export { findEmbeddedPostgres, findLocalPostgres, type PostgresBinaries } from './binaries.ts';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.ts';
