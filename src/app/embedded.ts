/** The Postgres that comes with the project, for the demo. */
export { LOCAL_FOLDER } from '../config/config.ts';
export { startEmbeddedPostgres } from '../db/embedded/index.ts';
