import pg from 'pg';

/** A statement as the product sent it. */
export interface Statement {
  readonly text: string;
  /** Whether it ran in a transaction that looks everything up by key (see `withLoad`). */
  readonly load: boolean;
}

/**
 * Records the statements that any connection of this process sends while `work` runs, each text once. Nothing is replaced: the
 * driver does what it does.
 */
export async function recordStatements(work: () => Promise<unknown>): Promise<readonly Statement[]> {
  const seen = new Map<string, Statement>();
  const loads = new WeakSet<object>();
  const original = pg.Client.prototype.query as (this: pg.Client, ...given: unknown[]) => unknown;
  const recording = function (this: pg.Client, ...given: unknown[]): unknown {
    const [first] = given;
    const text = typeof first === 'string' ? first : (first as { text?: unknown } | null)?.text;
    if (typeof text === 'string') {
      if (/^\s*(BEGIN|COMMIT|ROLLBACK)/i.test(text)) {
        if (text.includes('enable_seqscan = off')) loads.add(this);
        else if (!/ROLLBACK TO/i.test(text)) loads.delete(this);
      }
      const load = loads.has(this);
      seen.set(`${load}${text}`, { text, load });
    }
    return original.apply(this, given);
  };
  pg.Client.prototype.query = recording as typeof pg.Client.prototype.query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original as typeof pg.Client.prototype.query;
  }
  return [...seen.values()];
}

/** A node of `EXPLAIN (FORMAT JSON)`, as far as it is read here. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Parent Relationship'?: string;
  readonly 'Subplan Name'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Every node of a plan with the nodes above it, nearest first. */
export function* nodesOf(
  node: PlanNode,
  above: readonly PlanNode[] = [],
): Generator<{ node: PlanNode; above: readonly PlanNode[] }> {
  yield { node, above };
  for (const child of node.Plans ?? []) yield* nodesOf(child, [node, ...above]);
}
