import { addAudit } from '../state/audit.ts';
import { getReject, listRejects, type RejectFilter, type RejectSummary, type StoredReject } from '../state/rejects.ts';
import { type ReplayReport, replayRejects } from '../streams/replay.ts';
import { type Access, actor } from './access.ts';

/** Records that failed their schema. */
export class Rejects {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async list(filter: RejectFilter): Promise<readonly RejectSummary[]> {
    return await this.#access.ask((db) => listRejects(db, filter));
  }

  /** One reject with its record. `shown`: a person is about to see its values, which the audit log keeps. */
  async get(id: string, shown: boolean): Promise<StoredReject | undefined> {
    return await this.#access.ask(async (db) => {
      const reject = await getReject(db, id);
      if (reject !== undefined && shown) {
        const entry = {
          actor: actor(),
          action: 'rejects.show_values',
          resource: reject.resource,
          subject: { reject: id },
        };
        await addAudit(db, entry, this.#access.clock.now());
      }
      return reject;
    });
  }

  /** Loads rejected records again, from where they are kept. */
  async replay(choice: Parameters<typeof replayRejects>[1]): Promise<ReplayReport> {
    await this.#access.requireSchema();
    const pool = await this.#access.pool();
    return await this.#access.ask((db) =>
      replayRejects({ pool, db, clock: this.#access.clock, actor: actor() }, choice),
    );
  }
}
