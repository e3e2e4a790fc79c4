import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { FaultRule } from '../faults.ts';

/** Sends an error in the shape of the contract's Error. */
export function sendError(
  reply: FastifyReply,
  status: number,
  message: string,
  retryAfter?: string | number,
): FastifyReply {
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  const body = { error: STATUS_CODES[status] ?? 'Error', message, requestId: `req_${reply.request.id}` };
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** Sends what a fault puts in place of an answer. Gives the status under which it is counted, 0 for no answer. */
export function sendInstead(reply: FastifyReply, rule: FaultRule): number {
  if (rule.kind === 'status' || rule.kind === 'status-after') {
    const status = rule.status ?? 500;
    sendError(reply, status, 'Try again later', rule.retryAfter);
    return status;
  }
  reply.hijack();
  if (rule.kind === 'reset-before') reply.raw.destroy();
  return 0;
}

/** Sends a good answer in a broken way when the fault is of that sort. */
export async function sendBroken(reply: FastifyReply, rule: FaultRule, status: number, body: string): Promise<boolean> {
  if (rule.kind === 'wrong-content-type') {
    reply
      .code(200)
      .type('text/html; charset=utf-8')
      .send('<!doctype html><title>Maintenance</title><h1>Back soon</h1>');
    return true;
  }
  if (!['reset-after', 'truncate', 'slow-body'].includes(rule.kind)) return false;
  reply.hijack();
  const { raw } = reply;
  if (rule.kind === 'reset-after') {
    raw.destroy();
    return true;
  }
  const bytes = Buffer.from(body);
  raw.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length });
  if (rule.kind === 'truncate') {
    raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => raw.destroy());
    return true;
  }
  const parts = 10;
  const size = Math.ceil(bytes.length / parts);
  for (let part = 0; part < parts && !raw.destroyed; part += 1) {
    raw.write(bytes.subarray(part * size, (part + 1) * size));
    await sleep((rule.delayMs ?? 1000) / parts);
  }
  raw.end();
  return true;
}
