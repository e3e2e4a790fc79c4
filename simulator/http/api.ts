import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf, type QueryValue, readQuery, withoutAliases } from '../check.ts';
import { type Document, type Operation, operationsOf } from '../contract.ts';
import type { Row } from '../data/types.ts';
import { type FaultEngine, INSTEAD_OF_ANSWER, INSTEAD_OF_WORK } from '../faults.ts';
import type { TokenBucket } from '../limiter.ts';
import { withAppointmentBody } from '../operations/appointments.ts';
import { type Answer, ApiError, type Call, type Handler, missing } from '../operations/call.ts';
import { handlerOf } from '../operations/index.ts';
import type { Read } from '../operations/read-table.ts';
import type { Stats } from '../stats.ts';
import type { Tokens } from '../tokens.ts';
import type { World } from '../world.ts';
import { applyEffect, bodyOf, PageMemory } from './effects.ts';
import { sendBroken, sendError, sendInstead } from './send.ts';

/** Everything the API's routes share. */
export interface Service {
  world: World;
  document: Document;
  /** How each list and each plain read by id is served. */
  reads: Record<string, Read>;
  tokens: Tokens;
  limiter: TokenBucket | undefined;
  faults: FaultEngine;
  stats: Stats;
}

/** Path under which the API stands. */
export const API_BASE = '/lobbie/api';

/** Registers every operation of the contract under all its paths. */
export function registerApi(app: FastifyInstance, service: Service): void {
  const memory = new PageMemory();
  const { world, document } = service;
  for (const documented of operationsOf(document)) {
    const operation = withAppointmentBody(documented, document, world.settings.appointmentBody);
    const handler = handlerOf(operation.id, service.reads);
    const routes = [
      ...operation.paths.map((path) => ({ path, bare: false })),
      ...operation.barePaths.map((path) => ({ path, bare: true })),
    ];
    for (const { path, bare } of routes) {
      app.route({
        method: operation.method,
        url: API_BASE + path,
        handler: (request, reply) => serve(service, memory, operation, handler, bare, request, reply),
      });
    }
  }
}

async function serve(
  service: Service,
  memory: PageMemory,
  operation: Operation,
  handler: Handler,
  bare: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { stats, world } = service;
  stats.request(operation.id);
  const texts = request.query as Record<string, string | string[]>;
  const given = request.params as Record<string, string>;
  const sent = typeof texts['cursor'] === 'string' ? texts['cursor'] : undefined;
  const fault = service.faults.match({
    operation: operation.id,
    path: request.url,
    accountId: given['accountId'] === undefined ? undefined : Number(given['accountId']),
    locationId: given['locationId'] === undefined ? undefined : Number(given['locationId']),
    hasCursor: sent !== undefined,
    isList: operation.listKey !== undefined,
  });
  const rule = fault?.rule;
  const wait = world.settings.latencyMs + (rule === undefined || rule.kind === 'slow-body' ? 0 : (rule.delayMs ?? 0));
  if (wait > 0) await sleep(wait);
  if (rule !== undefined && INSTEAD_OF_WORK.has(rule.kind)) {
    stats.answer(operation.id, sendInstead(reply, rule), 0);
    return reply;
  }
  let answer: Answer;
  try {
    if (rule?.kind === 'lost-grant') throw new ApiError(403, `No grant for account ${String(given['accountId'])}`);
    const retry = admit(service, request);
    if (retry > 0) {
      stats.answer(operation.id, 429, 0);
      return sendError(reply, 429, 'Slow down', retry);
    }
    if (rule?.kind === 'expired-cursor') throw new ApiError(400, 'cursor has expired');
    answer = handler(callOf(service, operation, bare, request, given, texts));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    stats.answer(operation.id, error.status, 0);
    return sendError(reply, error.status, error.message);
  }
  if (rule !== undefined && INSTEAD_OF_ANSWER.has(rule.kind)) {
    stats.answer(operation.id, sendInstead(reply, rule), 0);
    return reply;
  }
  if (answer.kind === 'list' && service.faults.has('shift') && answer.next !== null)
    memory.remember(answer.next, answer.rows.at(-1) as Row);
  if (rule !== undefined) answer = applyEffect(rule, answer, { sent, draw: fault?.draw ?? 0, memory });
  if (answer.kind === 'list' && sent !== undefined && memory.repeating.delete(sent)) answer = { ...answer, next: sent };
  const status = answer.kind === 'one' ? answer.status : answer.kind === 'none' ? 204 : 200;
  const single = answer.kind === 'one' ? 1 : 0;
  stats.answer(operation.id, status, 'rows' in answer ? answer.rows.length : single);
  const body = bodyOf(answer, rule?.kind === 'missing-list-key');
  if (rule !== undefined && (await sendBroken(reply, rule, status, body))) return reply;
  if (status === 204) return reply.code(204).send();
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}

/** Checks key, token and rate. Answers the seconds to wait, 0 when admitted. @throws ApiError 401 */
function admit(service: Service, request: FastifyRequest): number {
  const { apiKey } = service.world.settings;
  if (apiKey !== undefined && request.headers['x-api-key'] !== apiKey)
    throw new ApiError(401, 'x-api-key is missing or wrong');
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new ApiError(401, 'Bearer token is missing');
  const problem = service.tokens.problem(bearer);
  if (problem !== undefined) throw new ApiError(401, problem);
  return service.limiter?.take() ?? 0;
}

function integer(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ApiError(400, `${name} must be an integer`);
  return Number(text);
}

function callOf(
  service: Service,
  operation: Operation,
  bare: boolean,
  request: FastifyRequest,
  given: Record<string, string>,
  texts: Record<string, string | string[]>,
): Call {
  const { world, document } = service;
  const params: Record<string, number> = {};
  for (const name in given) params[name] = integer(name, given[name] as string);
  const call: Call = { operation, world, params, query: new Map(), body: {}, headers: request.headers, bare };
  const accountId = params['accountId'];
  const account = accountId === undefined ? undefined : world.accounts.get(accountId);
  if (accountId !== undefined && account === undefined)
    throw new ApiError(403, `No grant for account ${String(accountId)}`);
  const locationId = params['locationId'];
  if (locationId !== undefined && account !== undefined) {
    call.location = account.context.locations.findIndex((place) => place.id === locationId);
    if (account.catalogues.get('locations')?.get({}, locationId) === undefined) throw missing('Location', locationId);
  }
  call.query = queryOf(operation, texts);
  if (operation.body !== undefined) call.body = bodyOfRequest(document, operation, request.body);
  return call;
}

function queryOf(operation: Operation, texts: Record<string, string | string[]>): Map<string, QueryValue> {
  const values = new Map<string, QueryValue>();
  for (const [name, { schema, required }] of operation.query) {
    const text = texts[name];
    if (text === undefined) {
      if (required) throw new ApiError(400, `${name} is required`);
      continue;
    }
    if (Array.isArray(text)) throw new ApiError(400, `${name} was given twice`);
    const read = readQuery(name, text, schema);
    if ('problem' in read) throw new ApiError(400, read.problem);
    values.set(name, read.value);
  }
  return values;
}

function bodyOfRequest(document: Document, operation: Operation, sent: unknown): Row {
  const schema = operation.body as NonNullable<Operation['body']>;
  const body = sent === undefined || sent === null ? {} : sent;
  if (typeof body !== 'object' || Array.isArray(body)) throw new ApiError(400, 'The body must be a JSON object');
  const row = withoutAliases(schema, body as Row);
  if (typeof row['verificationMethod'] === 'string')
    row['verificationMethod'] = row['verificationMethod'].toUpperCase();
  const problem = problemOf(document, 'body', row, schema);
  if (problem !== undefined) throw new ApiError(400, problem);
  return row;
}
