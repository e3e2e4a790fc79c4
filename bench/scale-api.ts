/**
 * An API that serves one account with as many patients as are wanted and no other list, each record made from its id. It is a process
 * of its own and holds nothing, so that a million patients cost no memory here. Prints its port.
 *
 * Arguments: the number of patients.
 */
import { createServer } from 'node:http';

const PATIENTS = Number(process.argv[2] ?? 1_000_000);
const PAGE = 100;

function patient(id: number) {
  const day = new Date(Date.UTC(1950, 0, 1) + (id % 25_000) * 86_400_000).toISOString().slice(0, 10);
  const at = new Date(Date.UTC(2024, 0, 1) + id * 1000).toISOString();
  return {
    id,
    firstName: `First${id % 5000}`,
    lastName: `Last${id % 70_000}`,
    dateOfBirth: day,
    email: `p${id}@example.com`,
    mobilePhone: `1555${String(id).padStart(7, '0')}`,
    gender: ['Male', 'Female', 'non-binary'][id % 3],
    homeAddress: { line1: `${id} Oak Avenue`, line2: null, city: 'Baltimore', stateRegion: 'MD', postalCode: '21202' },
    mailingAddress: null,
    createdAt: at,
    updatedAt: at,
  };
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const json = (body: unknown) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  if (url.pathname.endsWith('/oauth/token')) {
    return json({ access_token: 'bench', token_type: 'Bearer', expires_in: 86_400 });
  }
  const one = /\/patients\/(\d+)$/.exec(url.pathname);
  if (one !== null) return json(patient(Number(one[1])));
  if (url.pathname.endsWith('/patients')) {
    const after = Number(url.searchParams.get('cursor') ?? 0);
    const ids = Array.from({ length: Math.min(PAGE, PATIENTS - after) }, (_, index) => after + index + 1);
    const last = ids.at(-1) ?? PATIENTS;
    return json({ patients: ids.map(patient), nextCursor: last < PATIENTS ? String(last) : null });
  }
  if (url.pathname.endsWith('/locations')) return json({ locations: [], nextCursor: null });
  response.statusCode = 404;
  return json({ error: 'not found' });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
