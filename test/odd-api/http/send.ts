import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Answer } from './call.ts';

/** Sends an answer's bytes the way its transport says. */
export async function send(response: ServerResponse, found: Answer, body: Buffer, gzip: boolean): Promise<void> {
  const { transport = {} } = found;
  if (transport.delayMs !== undefined) await pause(transport.delayMs, undefined, { ref: false });
  if (transport.reset === true) {
    response.socket?.resetAndDestroy();
    return;
  }
  if (response.destroyed) return;
  const zipped = gzip && body.length > 0;
  const bytes = zipped ? gzipSync(body) : body;
  response.sendDate = false;
  for (const [name, value] of Object.entries(found.headers)) response.setHeader(name, value);
  if (zipped) response.setHeader('content-encoding', 'gzip');
  if (transport.claim !== undefined) response.shouldKeepAlive = false;
  if (found.status !== 204 && found.status !== 304) {
    response.setHeader('content-length', transport.claim ?? bytes.length);
  }
  response.writeHead(found.status);
  response.flushHeaders();
  if (transport.claim !== undefined) {
    response.write(bytes.subarray(0, transport.claim), () => response.socket?.destroySoon());
  } else if (transport.stallAfter !== undefined) {
    response.write(bytes.subarray(0, transport.stallAfter), () => transport.stalled?.());
  } else if (transport.cutAfter !== undefined) {
    response.write(bytes.subarray(0, transport.cutAfter), () => response.destroy());
  } else if (transport.drip === undefined) {
    response.end(bytes);
  } else {
    await drip(response, bytes, transport.drip);
  }
}

async function drip(
  response: ServerResponse,
  bytes: Buffer,
  { bytes: step, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    response.write(bytes.subarray(at, at + step));
    await pause(everyMs, undefined, { ref: false });
  }
  response.end();
}
