import type { Row } from '../data/types.ts';
import { hashText, mix } from '../random.ts';
import { nextId, type Session } from '../world.ts';
import { type Answer, ApiError, accountOf, type Call, missing, nowText, one } from './call.ts';
import { patientsByEmail } from './read-table.ts';

/** The code that every verification message carries. */
export const VERIFICATION_CODE = '123456';

function key(call: Call, id: number): string {
  return `identityProofs:${String(call.params['accountId'])}:${String(id)}`;
}

/** The session of the path; a token, when sent, must be its own. */
function sessionOf(call: Call): Session {
  accountOf(call);
  const id = call.params['id'] as number;
  const session = call.world.sessions.get(key(call, id));
  if (session === undefined) throw missing('Identity proof', id);
  const token = call.headers['x-identity-token'];
  if (token !== undefined && token !== session.token) throw new ApiError(403, 'X-Identity-Token does not fit');
  return session;
}

function tenDigits(phone: unknown): string {
  const digits = String(phone).replace(/\D/g, '');
  const ten = digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits;
  if (ten.length !== 10) throw new ApiError(400, 'phone must have ten digits');
  return ten;
}

function channelOf(body: Row): { address: string; field: 'verifiedEmail' | 'verifiedPhone' } {
  if (body['email'] !== undefined) return { address: String(body['email']), field: 'verifiedEmail' };
  return { address: tenDigits(body['phone']), field: 'verifiedPhone' };
}

function missingVerifications(row: Row): string[] {
  const method = row['verificationMethod'];
  const open: string[] = [];
  if (method !== 'SMS' && row['verifiedEmail'] === null) open.push('EMAIL');
  if (method !== 'EMAIL' && row['verifiedPhone'] === null) open.push('SMS');
  return open;
}

/** POST /identity-proof */
export function createIdentityProof(call: Call): Answer {
  accountOf(call);
  const id = nextId(call.world, 'identityProofs');
  const row = {
    id,
    verificationMethod: call.body['verificationMethod'],
    isVerified: false,
    verifiedEmail: null,
    verifiedPhone: null,
    createdAt: nowText(call),
  };
  const token = `idp_${mix(hashText('identity'), id).toString(36)}${mix(call.world.settings.seed, id).toString(36)}`;
  call.world.sessions.set(key(call, id), { row, token, sentTo: new Set() });
  return one({ ...row, token }, 201);
}

/** GET /identity-proof/{id} */
export function getIdentityProofStatus(call: Call): Answer {
  const { row } = sessionOf(call);
  return one({ ...row, missingVerifications: missingVerifications(row) });
}

/** POST /identity-proof/{id}/send */
export function sendVerification(call: Call): Answer {
  sessionOf(call).sentTo.add(channelOf(call.body).address);
  return one({ sent: true });
}

/** POST /identity-proof/{id}/verify */
export function verifyCode(call: Call): Answer {
  const session = sessionOf(call);
  const { address, field } = channelOf(call.body);
  if (!session.sentTo.has(address)) throw new ApiError(400, 'No code was sent there');
  const verified = call.body['code'] === VERIFICATION_CODE;
  if (verified) {
    session.row[field] = address;
    session.row['isVerified'] = missingVerifications(session.row).length === 0;
  }
  return one({ verified, verifiedEmail: session.row['verifiedEmail'], verifiedPhone: session.row['verifiedPhone'] });
}

/** GET /identity-proof/{id}/patient */
export function getPatient1(call: Call): Answer {
  const { row } = sessionOf(call);
  const account = accountOf(call);
  if (row['isVerified'] !== true) throw new ApiError(403, 'The session is not verified');
  const { table, byPhone } = account.patients;
  const email = row['verifiedEmail'];
  const phone = row['verifiedPhone'];
  const candidates =
    email === null ? [byPhone(String(phone)), ...table.patched()] : patientsByEmail(account, String(email));
  const found = new Set<number>();
  for (const i of candidates) {
    if (!table.alive(i)) continue;
    const patient = table.row(i);
    const fits =
      (email === null || String(patient['email'] ?? '').toLowerCase() === String(email).toLowerCase()) &&
      (phone === null || String(patient['mobilePhone'] ?? '').endsWith(String(phone)));
    if (fits) found.add(patient['id'] as number);
  }
  if (found.size === 0) throw new ApiError(404, 'No patient fits');
  if (found.size > 1) throw new ApiError(422, 'Several patients fit');
  return one({ patientId: [...found][0] });
}
