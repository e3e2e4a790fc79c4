import { snakeCase } from '../src/core/names.ts';
import type { FieldPlan, ListPlan } from './new-resource-contract.ts';

/** The word that marks what a person has to decide. A test fails while one is left. */
export const MARK = 'QUESTION';

const HELPERS: Readonly<Record<FieldPlan['sql'], string>> = {
  bigint: 'bigint',
  integer: 'integer',
  text: 'text',
  boolean: 'boolean',
  timestamptz: 'instant',
  date: 'date',
  numeric: 'numeric',
  jsonb: 'json',
};
const STAMPS = ['createdAt', 'updatedAt'];
const RESERVED =
  /^(all|analyse|analyze|and|any|array|as|asc|asymmetric|both|case|cast|check|collate|column|constraint|create|current_date|current_role|current_time|current_timestamp|current_user|default|deferrable|desc|distinct|do|else|end|except|false|fetch|for|foreign|from|grant|group|having|in|initially|intersect|into|lateral|leading|limit|localtime|localtimestamp|not|null|offset|on|only|or|order|placing|primary|references|returning|select|session_user|some|symmetric|system_user|table|then|to|trailing|true|union|unique|user|using|variadic|when|where|window|with)$/;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const list = (texts: readonly string[]): string => `[${texts.map(quoted).join(', ')}]`;
const hasStamps = ({ fields }: ListPlan): boolean =>
  STAMPS.every((name) =>
    fields.some((field) => field.name === name && field.sql === 'timestamptz' && field.aliases.length === 0),
  );

/** Ids of the account's own things are known to be harmless alone; everything else is asked, the strictest class first. */
function fieldLine(field: FieldPlan): string {
  const options = field.aliases.length === 0 ? '' : `, { aliases: ${list(field.aliases)} }`;
  const call = (phi: string): string => `    ${field.name}: ${HELPERS[field.sql]}('${phi}'${options}),`;
  if (field.name === 'id' || field.name === 'patientId') return call('quasi');
  if (STAMPS.includes(field.name) || field.name === 'locationId') return call('operational');
  return `    // ${MARK}: which class has ${field.name}: direct, clinical, quasi or operational?\n${call('direct')}`;
}

/** `src/extractors/resources/NAME.ts` */
export function resourceText(plan: ListPlan): string {
  const stamps = hasStamps(plan);
  const own = plan.fields.filter((field) => !(stamps && STAMPS.includes(field.name)));
  const helpers = [...new Set([...own.map((field) => HELPERS[field.sql]), ...(stamps ? ['stamped'] : [])])].sort();
  const { window, parent, get } = plan;
  const read = [
    `operation: '${plan.operation}'`,
    `scope: '${plan.scope}'`,
    `listKey: '${plan.listKey}'`,
    ...(plan.listKeyAliases.length === 0 ? [] : [`listKeyAliases: ${list(plan.listKeyAliases)}`]),
    ...(plan.paginated ? ['paginated: true'] : []),
    ...(window === undefined
      ? []
      : [`window: { from: '${window.from}', to: '${window.to}', column: '${snakeCase(window.field)}' }`]),
    ...(parent === undefined
      ? []
      : [`parent: { resource: '${parent.resource}', param: '${parent.param}', column: '${parent.column}' }`]),
  ];
  const above = get?.parentParam === undefined ? '' : `, parentParam: '${get.parentParam}'`;
  const lines = [
    `import { ${helpers.join(', ')} } from '../fields.ts';`,
    "import { defineResource } from '../resource.ts';",
    '',
    `export const ${plan.code} = defineResource({`,
    `  name: '${plan.name}',`,
    `  // ${MARK}: what should an analyst know about these rows?`,
    `  description: ${quoted(plan.description)},`,
    `  scope: '${plan.scope}',`,
    `  // ${MARK}: how does the nightly sync keep it fresh? See the strategies in docs/adding-a-resource.md.`,
    `  strategy: { kind: '${parent === undefined ? 'full' : 'children'}' },`,
    `  reads: [{ ${read.join(', ')} }],`,
    ...(get === undefined
      ? [`  // ${MARK}: is there an operation that reads one row by its id? The contract has none below the list.`]
      : [
          `  // ${MARK}: does 404 from this operation prove that a row is gone? Without \`get\` the whole list decides.`,
          `  get: { operation: '${get.operation}', param: '${get.param}'${above} },`,
        ]),
    ...(plan.key.join() === 'id' ? [] : [`  key: ${list(plan.key)},`]),
    ...(parent === undefined ? [] : [`  context: ['${parent.column}'],`]),
    '  fields: {',
    ...own.map(fieldLine),
    ...(stamps ? ['    ...stamped,'] : []),
    '  },',
    '});',
  ];
  return `${lines.join('\n')}\n`;
}

const sqlName = (name: string): string => (RESERVED.test(name) ? `"${name}"` : name);

/** `migrations/NNNN_NAME.ts` */
export function migrationText(plan: ListPlan): string {
  const { parent } = plan;
  const key = [...(plan.scope === 'global' ? [] : ['account_id']), ...plan.key];
  const columns = new Map<string, string>(plan.scope === 'global' ? [] : [['account_id', 'bigint']]);
  for (const { name, sql } of plan.fields) columns.set(snakeCase(name), sql);
  for (const name of [
    ...(plan.scope === 'location' ? ['location_id'] : []),
    ...(parent === undefined ? [] : [parent.column]),
  ])
    if (!columns.has(name)) columns.set(name, 'bigint');
  const lines = [...columns].map(
    ([name, sql]) => `    ${sqlName(name)} ${sql}${key.includes(name) ? ' NOT NULL' : ''},`,
  );
  const index =
    parent === undefined
      ? ''
      : `  // What a parent's list no longer holds is looked up by the parent.
  await sql\`CREATE INDEX ${plan.name}_by_${parent.column.replace(/_id$/, '')} ON lobbie.${plan.name} (account_id, ${parent.column})\`.execute(db);\n`;
  return `import { type Kysely, sql } from 'kysely';

/** ${plan.description} */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql\`CREATE TABLE lobbie.${plan.name} (
${lines.join('\n')}
    raw jsonb NOT NULL,
    _content_hash bytea NOT NULL,
    _run_id bigint NOT NULL,
    _loaded_at timestamptz NOT NULL,
    _read_at timestamptz NOT NULL,
    _source smallint NOT NULL,
    _deleted_at timestamptz,
    PRIMARY KEY (${key.map(sqlName).join(', ')})
  )\`.execute(db);
${index}  // Adds _version, and the table of past versions.
  await sql\`SELECT lobbie_sync.track_history('${plan.name}')\`.execute(db);
}
`;
}

/** An invented value of a field, as source text. */
function valueText(field: FieldPlan, plan: ListPlan, n: number): string {
  const { name, sql, choices, nullable } = field;
  if (name === 'patientId') return 'patient().id';
  if (name === 'patientName') return 'patient().name';
  if (name === 'locationId' && plan.scope === 'location') return 'location?.id';
  if (plan.parent !== undefined && name === plan.parent.param) return "parent?.['id']";
  if (name === 'createdAt') return 'clock.utc(created)';
  if (name === 'updatedAt') return `clock.utc(Math.min(created + (hash(${n}) % (90 * DAY)), asOf))`;
  if (choices.length > 0) return `pick(${list(choices)}, hash(${n}))`;
  switch (sql) {
    case 'text':
      return `pick(pools.sentences, hash(${n}))`;
    case 'boolean':
      return `permille(hash(${n}), 500)`;
    case 'timestamptz':
      return `clock.utc(created + (hash(${n}) % DAY))`;
    case 'date':
      return 'clock.date(Math.floor(created / DAY))';
    case 'numeric':
      return `(hash(${n}) % 10_000) / 100`;
    case 'jsonb':
      return nullable ? 'null' : '[]';
    default:
      return `hash(${n}) % 100`;
  }
}

function countLines(plan: ListPlan): string[] {
  if (plan.parent !== undefined)
    return [
      `  // ${MARK}: how many rows has one parent? 0 to 8, told apart by a hash.`,
      '  count: (_patients, parentHash) => parentHash % 4,',
    ];
  if (plan.scope === 'global') return [`  // ${MARK}: how many rows has the list?`, '  count: () => 5,'];
  return [
    `  // ${MARK}: how many rows has an account of so many patients?`,
    '  count: (patients) => Math.ceil(patients / 5),',
  ];
}

/** `simulator/rows/tables/NAME.ts` */
export function rowsText(plan: ListPlan, idBase: number): string {
  const values = plan.fields.map((field, index) => {
    const value = field.name === 'id' ? 'id' : valueText(field, plan, index + 2);
    return value === field.name ? `      ${value},` : `      ${field.name}: ${value},`;
  });
  const body = values.join('\n');
  const uses = (word: string): boolean => new RegExp(`\\b${word}\\b`).test(body.replaceAll(/^ +\w+:/gm, ''));
  const shared = ['clock', 'pools'].filter(uses);
  const parts = ['id', 'hash', 'created', 'asOf', 'location', 'parent', 'patient'].filter(uses);
  const taken = [...parts, ...(shared.length === 0 ? [] : [`context: { ${shared.join(', ')} }`])];
  const random = ['permille', 'pick'].filter(uses);
  const lines = [
    ...(random.length === 0 ? [] : [`import { ${random.join(', ')} } from '../../random.ts';`]),
    ...(uses('DAY') ? ["import { DAY } from '../../time.ts';"] : []),
    "import { defineRows } from '../define.ts';",
    '',
    `/** ${plan.description} */`,
    `export const ${plan.code} = defineRows({`,
    `  resource: '${plan.name}',`,
    `  list: '${plan.operation}',`,
    ...(plan.get === undefined ? [] : [`  get: '${plan.get.operation}',`]),
    `  idBase: ${String(idBase).replace(/\B(?=(\d{3})+$)/g, '_')},`,
    ...countLines(plan),
    ...plan.unexplained.map(
      (name) => `  // ${MARK}: what does the query parameter ${name} mean? Say it in \`filters\`.`,
    ),
    `  // ${MARK}: do these values look like those of the API? Let some be null where the contract allows it.`,
    `  row: ({ ${taken.join(', ')} }) => {`,
    '    return {',
    body,
    '    };',
    '  },',
    ...(plan.scope === 'global'
      ? []
      : [
          `  // ${MARK}: how many rows come in a day, and what changes in those that are there?`,
          '  evolve: { perDay: (patients) => patients / 1000 },',
        ]),
    '});',
  ];
  return `${lines.join('\n')}\n`;
}

/** The registry with the new resource in it. */
export function registryText(text: string, plan: ListPlan): string {
  const line = `import { ${plan.code} } from './resources/${plan.name}.ts';\n`;
  const end = text.indexOf('];', text.indexOf('export const RESOURCES'));
  const withEntry = `${text.slice(0, end)}  ${plan.code},\n${text.slice(end)}`;
  const imports = [...withEntry.matchAll(/^import .* from '.\/resources\/.*;\n/gm)];
  const next = imports.find(([known]) => /resources\/(\w+)/.exec(known)![1]! > plan.name) ?? imports.at(-1)!;
  const at =
    next === imports.at(-1) && /resources\/(\w+)/.exec(next[0])![1]! < plan.name
      ? next.index + next[0].length
      : next.index;
  return `${withEntry.slice(0, at)}${line}${withEntry.slice(at)}`;
}
