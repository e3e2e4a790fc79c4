import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/api/client.ts';
import { describeError } from '../../../src/core/errors.ts';
import { type Answer, failure, json, SECRETS, sequence, startServer, testClient } from './server.ts';

const PERSON = 'Canary-Person';
const CANARIES = [...Object.values(SECRETS), PERSON, encodeURIComponent(PERSON)];

/** Everything an error shows when printed, its hidden parts and causes included. */
const shown = (error: unknown): string =>
  `${inspect(error, { depth: 9, showHidden: true })} ${describeError(error)} ${JSON.stringify(error)}`;

const body = { error: PERSON, message: `${PERSON} was not found`, requestId: `${PERSON} 1` };

const ANSWERS: Readonly<Record<string, Answer>> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 422, 429, 500, 302].map((status): [string, Answer] => [
      String(status),
      (response) => json(response, status, body, { 'x-request-id': `${PERSON} 2`, location: `/${PERSON}` }),
    ]),
  ),
  html: (response) => void response.end(`<html>${PERSON}</html>`),
  'cut JSON': (response) => void response.end(`{"patients":[{"name":"${PERSON}`),
  'cut body': (response) => {
    response.writeHead(200, { 'content-length': '999' });
    response.write(`{"name":"${PERSON}"`, () => setTimeout(() => response.destroy(), 5));
  },
  'large body': (response) => json(response, 200, { name: PERSON.repeat(1000) }),
  reset: (response) => void response.destroy(),
};

describe('no secret and no data of a person shows', () => {
  it.each(Object.entries(ANSWERS))('in what is thrown and logged after: %s', async (_name, answer) => {
    await using server = await startServer(answer);
    const logged: unknown[] = [];
    const log = (...entry: unknown[]) => void logged.push(entry);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const client = testClient(server, { logger, apiKey: SECRETS.apiKey, scope: 'x', maxBodyBytes: 5_000 });
    const read = client.call('listPatients', { accountId: 1001, name: PERSON, email: PERSON, cursor: PERSON });
    const write = client.call('updatePatient', { accountId: 1, patientId: 2 }, { body: { firstName: PERSON } });
    const errors = await Promise.all([failure(read), failure(write)]);
    const text = [...errors.map(shown), inspect(logged, { depth: 9 })].join('\n');
    for (const canary of CANARIES) expect(text).not.toContain(canary);
  });

  it.each([401, 500, 200])('in what is thrown after a token call answered %i', async (status) => {
    await using server = await startServer(sequence());
    server.answerToken = (response, seen) =>
      json(response, status, { error: seen.body, access_token: `${SECRETS.token}\n` });
    const error = shown(await failure(testClient(server, { apiKey: SECRETS.apiKey }).call('listRoleGroups', {})));
    for (const canary of CANARIES) expect(error).not.toContain(canary);
  });
});
