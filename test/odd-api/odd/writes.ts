import type { Answer, Call, Next } from '../http/call.ts';
import { answer, failure } from '../http/call.ts';
import { readOneAs } from '../routes/read-one.ts';
import type { Row } from '../world/collection.ts';
import type { Odd } from './types.ts';

const CHANGEABLE = {
  updatePatient: ['firstName', 'lastName', 'dateOfBirth', 'email', 'gender', 'mobilePhone'],
  updateAppointment: ['startTime', 'endTime', 'practitionerId', 'status', 'note'],
} as const;

const KEPT = {
  folded: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
  dropped: () => undefined,
  quotes: (text: string) => text.replaceAll("'", '’').replaceAll('"', '”'),
  trimmed: (text: string) => text.trim().replaceAll(/\s+/g, ' '),
  stripped: (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, ''),
};

function bodyRow(call: Call): Row {
  return (call.body ?? {}) as Row;
}

function isTaken(call: Call): boolean {
  const { practitionerId, startTime } = bodyRow(call);
  const time = Date.parse(String(startTime));
  return call.world.appointments
    .entries()
    .some(
      ({ key, row }) =>
        key !== call.params['appointmentId'] &&
        row['status'] !== 'CANCELLED' &&
        row['practitionerId'] === practitionerId &&
        Date.parse(String(row['startTime'])) <= time &&
        time < Date.parse(String(row['endTime'])),
    );
}

export const writeKinds = {
  /** Answered as if done (or as an error at 200) and not done. 202 makes a promise that is not kept. */
  'no-effect': ({ status = 200, json = { success: false } }: { status?: number; json?: unknown }): Odd => ({
    handle: () => answer(status, json),
  }),

  /** Answered with 202 at once; done when so many further requests came in, or that long after by the server's clock. */
  'late-effect': ({
    afterRequests,
    afterMs,
    json = { accepted: true },
  }: {
    afterRequests?: number;
    afterMs?: number;
    json?: unknown;
  }): Odd => {
    const waiting: { readonly call: Call; readonly act: Next }[] = [];
    const isDue = (call: Call, now: Call) =>
      (afterRequests !== undefined && now.n - call.n >= afterRequests) ||
      (afterMs !== undefined && now.now - call.now >= afterMs);
    return {
      handle: (call, next) => {
        waiting.push({ call, act: next });
        return answer(202, json);
      },
      every: async (now) => {
        while (waiting[0] !== undefined && isDue(waiting[0].call, now)) await waiting.shift()?.act();
      },
    };
  },

  /** Done, and the answer is lost on its way: the connection ends, or a gateway answers. */
  'lost-answer': ({ how = 'reset' }: { how?: 'reset' | 'gateway' }): Odd => ({
    handle: async (_call, next) => {
      const found = await next();
      return how === 'reset' ? { ...found, transport: { reset: true } } : failure(502, 'no answer from upstream');
    },
  }),

  /** Done, and answered with the record of somebody else. */
  'answered-as': ({ id }: { id: number }): Odd => ({
    handle: async (call, next) => {
      const found = await next();
      return found.status >= 300
        ? found
        : readOneAs(call, call.op.includes('Patient') ? 'patients' : 'appointments', id);
    },
  }),

  /** Fields that were not sent are emptied. */
  'put-nulls': ({ fields }: { fields?: readonly string[] }): Odd => ({
    handle: async (call, next): Promise<Answer> => {
      const found = await next();
      if (found.status !== 200) return found;
      const patient = call.op === 'updatePatient';
      const kind = patient ? 'patients' : 'appointments';
      const id = call.params[patient ? 'patientId' : 'appointmentId'] ?? 0;
      const all = fields ?? CHANGEABLE[patient ? 'updatePatient' : 'updateAppointment'];
      const unsent = all.filter(
        (field) => !(field in bodyRow(call)) && !(field === 'endTime' && 'startTime' in bodyRow(call)),
      );
      call.world[kind].update(id, Object.fromEntries(unsent.map((field) => [field, null])));
      return readOneAs(call, kind, id);
    },
  }),

  /** A text is kept in another form than it was sent, or not at all. */
  'kept-otherwise': ({ field = 'email', how }: { field?: string; how: keyof typeof KEPT }): Odd => ({
    handle: (call, next) => {
      const { [field]: sent, ...body } = bodyRow(call);
      const kept = typeof sent === 'string' ? KEPT[how](sent) : sent;
      call.body = kept === undefined ? body : { ...body, [field]: kept };
      return next();
    },
  }),

  /** Visits begin on a grid of their own. */
  'slots-rounded': ({ minutes = 15 }: { minutes?: number }): Odd => ({
    handle: (call, next) => {
      const { startTime } = bodyRow(call);
      const time = typeof startTime === 'string' ? Date.parse(startTime) : Number.NaN;
      if (!Number.isNaN(time)) {
        const grid = minutes * 60_000;
        call.body = { ...bodyRow(call), startTime: new Date(Math.round(time / grid) * grid).toISOString() };
      }
      return next();
    },
  }),

  /** 409 where the practitioner has a visit already; or always. */
  'taken-slot': ({ always = false }: { always?: boolean }): Odd => ({
    handle: (call, next) => (always || isTaken(call) ? failure(409, 'slot is taken') : next()),
  }),

  /** Instants without an offset are taken as the server's own, as Postgres prints them too. */
  'lenient-instants': (_settings: object): Odd => ({
    handle: (call, next) => {
      const { startTime } = bodyRow(call);
      const time = typeof startTime === 'string' ? Date.parse(startTime.replace(',', '.')) : Number.NaN;
      if (!Number.isNaN(time)) call.body = { ...bodyRow(call), startTime: new Date(time).toISOString() };
      return next();
    },
  }),
};
