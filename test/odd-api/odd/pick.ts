import type { Call, Next } from '../http/call.ts';
import { eachRecord } from '../http/call.ts';
import type { Row } from '../world/collection.ts';
import type { Odd } from './types.ts';

/** Which records of an answer are meant; all, unless ids are named. */
export interface Picked {
  readonly ids?: readonly number[];
}

export function isPicked(picked: Picked, record: Row): boolean {
  return picked.ids === undefined || picked.ids.includes(Number(record['id'] ?? record['patientId']));
}

/** An odd kind that changes records one by one. */
export function perRecord(picked: Picked, change: (record: Row, index: number, call: Call) => unknown): Odd {
  return {
    handle: async (call: Call, next: Next) =>
      eachRecord(call, await next(), (record, index) =>
        isPicked(picked, record) ? change(record, index, call) : record,
      ),
  };
}

/** As `perRecord`, for fields that the record has with a value. */
export function perField(picked: Picked, field: string, change: (value: unknown, record: Row) => unknown): Odd {
  return perRecord(picked, (record) => {
    const value = record[field];
    return value === undefined || value === null ? record : { ...record, [field]: change(value, record) };
  });
}
