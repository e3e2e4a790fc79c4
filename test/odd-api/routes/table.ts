import type { Answer, Call } from '../http/call.ts';
import { GETS } from './gets.ts';
import { LISTS } from './lists.ts';
import { readList } from './read-list.ts';
import { readOne } from './read-one.ts';
import { getAvailability, getTestComponent, listTestComponents } from './read-others.ts';
import { createAppointment, updateAppointment } from './write-appointments.ts';
import { createPatient, deletePatient, updatePatient } from './write-patients.ts';

export interface Route {
  readonly op: string;
  readonly method: string;
  /** Below /partner/v2, with parameters in braces. */
  readonly path: string;
  readonly listKey?: string;
  readonly handle: (call: Call) => Answer;
}

const A = '/account/{accountId}';
const L = `${A}/location/{locationId}`;
const LAB = `${L}/lab/{labId}/test-component`;

/** Every operation that this make knows. */
export const ROUTES: readonly Route[] = [
  ...LISTS.map((route) => ({
    op: route.op,
    method: 'GET',
    path: route.path,
    listKey: route.key,
    handle: (call: Call) => readList(call, route),
  })),
  ...GETS.map((route) => ({
    op: route.op,
    method: 'GET',
    path: route.path,
    handle: (call: Call) => readOne(call, route),
  })),
  { op: 'listTestComponents', method: 'GET', path: LAB, listKey: 'testComponents', handle: listTestComponents },
  { op: 'getTestComponent', method: 'GET', path: `${LAB}/{componentId}`, handle: getTestComponent },
  { op: 'getAvailability', method: 'GET', path: `${A}/self-scheduling/availability`, handle: getAvailability },
  { op: 'createPatient', method: 'POST', path: `${A}/patients`, handle: createPatient },
  { op: 'updatePatient', method: 'PUT', path: `${A}/patients/{patientId}`, handle: updatePatient },
  { op: 'deletePatient', method: 'DELETE', path: `${A}/patients/{patientId}`, handle: deletePatient },
  { op: 'createAppointment', method: 'POST', path: `${L}/appointment`, handle: createAppointment },
  { op: 'updateAppointment', method: 'PUT', path: `${L}/appointment/{appointmentId}`, handle: updateAppointment },
];

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const COMPILED: readonly Compiled[] = ROUTES.map((route) => ({
  route,
  names: [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
  pattern: new RegExp(`^/partner/v2${route.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

export interface Match {
  readonly route: Route;
  /** Path parameters; NaN for what is no number. */
  readonly params: Record<string, number>;
}

/** The operation of a method and path. Words win over parameters. */
export function matchRoute(method: string, path: string): Match | undefined {
  const found = COMPILED.filter(({ route, pattern }) => route.method === method && pattern.test(path)).sort(
    (left, right) => left.names.length - right.names.length,
  )[0];
  if (found === undefined) return undefined;
  const values = found.pattern.exec(path)?.slice(1) ?? [];
  const params = found.names.map((name, index) => {
    const text = values[index] ?? '';
    return [name, /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN] as const;
  });
  return { route: found.route, params: Object.fromEntries(params) };
}
