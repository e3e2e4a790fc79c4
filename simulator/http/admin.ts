import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Row } from '../data/types.ts';
import { evolve } from '../evolve.ts';
import { parseFaults } from '../faults.ts';
import type { Read } from '../operations/read-table.ts';
import { note, sourceOf, type World } from '../world.ts';
import type { Service } from './api.ts';
import { sendError } from './send.ts';

/** A resource by its warehouse name or by the operationId of its list. */
function resourceName(reads: Readonly<Record<string, Read>>, given: string): string {
  return reads[given]?.resource ?? given;
}

/** The true rows of a resource with their location and parent. */
function* trueRows(world: World, name: string, account: number | undefined): Generator<Row> {
  const own = account === undefined ? undefined : world.accounts.get(account)?.sources.get(name);
  const source = own ?? world.global.get(name);
  if (source === undefined) throw new Error(`Unknown resource ${name}`);
  const panels = name !== 'labs' || world.settings.labsEmbedPanels;
  for (const located of source.all()) {
    const { testPanels: _left, ...bare } = located.row;
    yield { ...(own === undefined ? {} : { accountId: account }), ...located, row: panels ? located.row : bare };
  }
}

function* lines(rows: Iterable<Row>): Generator<string> {
  let text = '';
  for (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

/** Hides a record or shows it again, and notes it in the journal. False when it is unknown. */
function setHidden(world: World, accountId: number | undefined, name: string, id: number, hidden: boolean): boolean {
  const done = sourceOf(world, name, accountId)?.setHidden(id, hidden) ?? false;
  const account = accountId === undefined ? undefined : world.accounts.get(accountId);
  if (done && account !== undefined) note(world, account, name, id, hidden ? 'deleted' : 'created');
  return done;
}

/** Changes fields of a record, moves its updatedAt to now, and notes it in the journal. False when it is unknown. */
function patchRecord(world: World, accountId: number | undefined, name: string, id: number, fields: Row): boolean {
  const source = sourceOf(world, name, accountId);
  const before = source?.get({}, id);
  if (source === undefined || before === undefined) return false;
  const stamp = 'updatedAt' in before ? { updatedAt: world.clock.utc(world.now) } : {};
  const done = source.patch(id, { ...stamp, ...fields });
  const account = accountId === undefined ? undefined : world.accounts.get(accountId);
  if (done && account !== undefined) note(world, account, name, id, 'updated');
  return done;
}

/** Registers the control API under /_sim. */
export function registerAdmin(app: FastifyInstance, service: Service): void {
  const { world, stats, faults } = service;
  const named = (given: string): string => resourceName(service.reads, given);
  app.get('/_sim/health', async () => ({ ok: true, now: world.clock.utc(world.now) }));
  app.get('/_sim/stats', async () => stats.report());
  app.post('/_sim/reset-stats', async () => {
    stats.reset();
    return { ok: true };
  });
  app.get('/_sim/journal', async () => world.journal);
  app.post('/_sim/evolve', async (request, reply) => {
    const days = (request.body as { days?: unknown } | null)?.days ?? 1;
    if (typeof days !== 'number' || !(days > 0)) return sendError(reply, 400, 'days must be a number above 0');
    return reply.send(evolve(world, days));
  });
  app.post('/_sim/faults', async (request, reply) => {
    try {
      const rules = parseFaults(request.body);
      faults.set(rules);
      return await reply.send({ ok: true, rules: rules.length });
    } catch (error) {
      return sendError(reply, 400, (error as Error).message);
    }
  });
  app.get('/_sim/rows', async (request, reply) => {
    const { account, resource } = request.query as { account?: string; resource?: string };
    const accountId = account === undefined ? undefined : Number(account);
    if (sourceOf(world, named(resource ?? ''), accountId) === undefined)
      return sendError(reply, 404, `Unknown account or resource ${String(resource)}`);
    const rows = trueRows(world, named(resource as string), accountId);
    return reply.type('application/x-ndjson').send(Readable.from(lines(rows), { objectMode: false }));
  });
  const change = (
    url: string,
    work: (accountId: number | undefined, resource: string, id: number, fields: Row) => boolean,
  ): void => {
    app.post(url, async (request, reply) => {
      const body = (request.body ?? {}) as { account?: number; resource?: string; id?: number; fields?: Row };
      const done = work(body.account, named(body.resource ?? ''), body.id ?? -1, body.fields ?? {});
      return done ? { ok: true } : sendError(reply, 404, 'Unknown account, resource or id');
    });
  };
  change('/_sim/hide', (accountId, resource, id) => setHidden(world, accountId, resource, id, true));
  change('/_sim/unhide', (accountId, resource, id) => setHidden(world, accountId, resource, id, false));
  change('/_sim/patch', (accountId, resource, id, fields) => patchRecord(world, accountId, resource, id, fields));
}
