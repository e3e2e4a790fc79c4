import {
  type Kysely,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  sql,
  type UnknownRow,
} from 'kysely';

/** The schemas of a database, by name. */
export async function existingSchemas(db: Kysely<unknown>): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`SELECT nspname::text AS name FROM pg_namespace`.execute(db);
  return new Set(rows.map(({ name }) => name));
}

const CREATE = /CREATE SCHEMA IF NOT EXISTS (\w+);?/g;

/**
 * Leaves `CREATE SCHEMA IF NOT EXISTS` out of migrations where the schema is there already. Postgres asks for the right to create
 * schemas before it looks whether there is one to create, so that a role for which an administrator had made the schemas could not
 * migrate.
 */
export class WithoutMadeSchemas implements KyselyPlugin {
  readonly #made: ReadonlySet<string>;

  constructor(made: ReadonlySet<string>) {
    this.#made = made;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind !== 'RawNode') return node;
    const without = (text: string) => text.replaceAll(CREATE, (all, name: string) => (this.#made.has(name) ? '' : all));
    return { ...node, sqlFragments: node.sqlFragments.map(without) };
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}
