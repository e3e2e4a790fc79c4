import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { linkSignals } from '../../../src/api/abort.ts';
import { createTransport } from '../../../src/api/transport.ts';
import { failure, json, startServer } from './server.ts';

const get = (url: string) => ({ method: 'GET', url: `${url}/data`, headers: {} });

describe('the transport', () => {
  it('keeps connections alive', async () => {
    await using server = await startServer((response) => json(response, 200, {}));
    const transport = createTransport();
    for (let turn = 0; turn < 20; turn += 1) await transport.send(get(server.url));
    // Two: the first may not be free again yet when the second request is sent.
    expect(new Set(server.calls.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
  });

  it('reads status, text and the two headers that matter', async () => {
    await using server = await startServer((response) =>
      json(response, 429, { error: 'ü' }, { 'retry-after': '3', 'x-request-id': 'req_1' }),
    );
    expect(await createTransport().send(get(server.url))).toMatchObject({
      kind: 'answer',
      status: 429,
      text: '{"error":"ü"}',
      retryAfter: '3',
      requestId: 'req_1',
    });
  });

  it('does not follow redirects', async () => {
    await using server = await startServer((response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await createTransport().send(get(server.url))).toMatchObject({ kind: 'answer', status: 302 });
    expect(server.calls).toHaveLength(1);
  });

  it('calls refused and reset connections network failures, with the code', async () => {
    const server = await startServer((response) => response.destroy());
    expect(await createTransport().send(get(server.url))).toMatchObject({ kind: 'network', detail: 'UND_ERR_SOCKET' });
    await server[Symbol.asyncDispose]();
    expect(await createTransport().send(get(server.url))).toMatchObject({ kind: 'network', detail: 'ECONNREFUSED' });
  });

  it.each(['content-length', 'chunked'])('calls a body that ends early cut (%s)', async (form) => {
    await using server = await startServer((response) => {
      response.writeHead(200, form === 'chunked' ? {} : { 'content-length': '1000' });
      response.write('{"patients":[', () => setTimeout(() => response.destroy(), 10));
    });
    expect(await createTransport().send(get(server.url))).toMatchObject({ kind: 'cut', status: 200 });
  });

  it('keeps the status of a refusal whose body is cut', async () => {
    await using server = await startServer((response) => {
      response.writeHead(404, { 'content-length': '1000' });
      response.write('{', () => setTimeout(() => response.destroy(), 10));
    });
    expect(await createTransport().send(get(server.url))).toMatchObject({ kind: 'answer', status: 404, text: '' });
  });

  it.each(['headers', 'body'])('times out on slow %s', async (slow) => {
    await using server = await startServer((response) => {
      if (slow === 'body') response.writeHead(200).write('{');
    });
    expect(await createTransport({ timeoutMs: 60 }).send(get(server.url))).toEqual({ kind: 'timeout' });
  });

  it.each([200, 500])('is aborted in the middle of a body of status %i, with the reason', async (status) => {
    await using server = await startServer((response) => void response.writeHead(status).write('{'));
    const controller = new AbortController();
    const sent = failure<Error>(createTransport().send(get(server.url), controller.signal));
    await wait(50);
    controller.abort(new Error('gave up'));
    expect((await sent).message).toBe('gave up');
  });

  it('sends nothing when it is aborted beforehand', async () => {
    await using server = await startServer((response) => json(response, 200, {}));
    const error = await failure<Error>(
      createTransport().send(get(server.url), AbortSignal.abort(new Error('gave up'))),
    );
    expect([error.message, server.calls.length]).toEqual(['gave up', 0]);
  });

  it.each(['declared', 'chunked', 'compressed'])('refuses a body over the limit (%s)', async (form) => {
    const text = JSON.stringify({ canary: 'x'.repeat(50_000) });
    await using server = await startServer((response) => {
      if (form === 'compressed') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
      else if (form === 'declared') response.writeHead(200, { 'content-length': String(text.length) }).end(text);
      else response.writeHead(200).write(text.slice(0, 30_000), () => response.end(text.slice(30_000)));
    });
    const error = await failure(createTransport({ maxBodyBytes: 10_000 }).send(get(server.url)));
    expect(error).toMatchObject({ name: 'ContractError', code: 'contract.body_too_large', action: 'skip' });
    const answer = await createTransport({ maxBodyBytes: text.length }).send(get(server.url));
    expect(answer).toMatchObject({ kind: 'answer', text });
  });
});

describe('linkSignals', () => {
  it('follows any source with its reason until it is released', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const link = linkSignals(first.signal, undefined, second.signal);
    link.release();
    first.abort(new Error('late'));
    expect(link.signal.aborted).toBe(false);
    expect(linkSignals(second.signal, first.signal).signal.reason).toMatchObject({ message: 'late' });
  });
});
