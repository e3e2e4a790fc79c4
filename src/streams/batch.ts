import type { Checked } from '../state/checks.ts';
import type { Collected } from './collect.ts';
import type { Unit } from './context.ts';

/** The rows and state that one transaction stores. */
export interface Batch {
  readonly unit: Unit;
  /** The sweep that the batch belongs to; null for a read outside any sweep. */
  readonly sweepId: string | null;
  /** Identifies the stream within the pass; null for a stream without a stored cursor. */
  readonly scope: string | null;
  readonly collected: Collected;
  /** Records received at the top level of the answers. */
  readonly read: number;
  readonly cursor: unknown;
  readonly done: boolean;
  /** Parents whose lists were read whole. */
  readonly parents: readonly ParentRead[];
}

/** A parent whose list was read to its end. */
export interface ParentRead extends Checked {
  /** Whether all rows of the list are in this batch, so that stored rows which it does not have are gone. */
  readonly whole: boolean;
}
