import { bodyKinds } from './bodies.ts';
import { clockKinds } from './clock.ts';
import { encodingKinds } from './encodings.ts';
import { fieldKinds } from './fields.ts';
import { frameKinds } from './frames.ts';
import { otherKinds } from './others.ts';
import { pageKinds } from './pages.ts';
import { stampKinds } from './stamps.ts';
import { transportKinds } from './transport.ts';
import type { Odd, OddMatch } from './types.ts';
import { valueKinds } from './values.ts';
import { writeKinds } from './writes.ts';

/** Every odd kind by its name; README.md tells what each does. */
export const ODD_KINDS = {
  ...bodyKinds,
  ...clockKinds,
  ...encodingKinds,
  ...fieldKinds,
  ...frameKinds,
  ...otherKinds,
  ...pageKinds,
  ...stampKinds,
  ...transportKinds,
  ...valueKinds,
  ...writeKinds,
};

export type OddKind = keyof typeof ODD_KINDS;

/** A kind with its own settings and the requests it is for. */
export type OddSpec = {
  [K in OddKind]: { readonly kind: K } & OddMatch & Parameters<(typeof ODD_KINDS)[K]>[0];
}[OddKind];

export function makeOdd(spec: OddSpec): Odd {
  // The settings of a spec are those of its kind, which the type above holds together.
  const make = ODD_KINDS[spec.kind] as (settings: OddSpec) => Odd;
  return make(spec);
}
