import type { Checked } from '../state/checks.ts';
import type { Collected } from './collect.ts';
import type { Unit } from './context.ts';

/** What one transaction stores. */
export interface Batch {
  readonly unit: Unit;
  /** The sweep that the batch is a part of; null for a read that belongs to none. */
  readonly sweepId: string | null;
  /** Identifies the stream within the pass; null for one that keeps no cursor. */
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
  /** Whether all rows of the list are in this very batch, so that what is not among them is gone. */
  readonly whole: boolean;
}
