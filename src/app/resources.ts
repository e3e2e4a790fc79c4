import { ConfigError, EXIT, LobbieSyncError } from '../core/errors.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { withBelow } from '../extractors/select.ts';
import { addAudit } from '../state/audit.ts';
import { listOff, type ResourceOff, switchOff, switchOn } from '../state/resources-off.ts';
import { type Access, actor } from './access.ts';

export interface SwitchOptions {
  readonly resource: string;
  /** Default: every account of the settings, and the lists of the token. */
  readonly accountId?: string | undefined;
}

/** Account under which the lists of the token itself are kept. */
const TOKEN_ACCOUNT = '0';

/** Lists that an account does not have, by the word of a person. */
export class Resources {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async off(): Promise<readonly ResourceOff[]> {
    await this.#access.requireSchema();
    return await this.#access.ask((db) => listOff(db));
  }

  /**
   * Switches a list off, with what hangs below it. It is not read any more, counts neither as failed nor as stale, and its rows stay.
   *
   * @returns the names of all lists that are off for that now
   */
  async switchOff(options: SwitchOptions & { readonly reason: string }): Promise<readonly string[]> {
    const resource = resourceNamed(options.resource);
    if (resource.holdsLocations === true) {
      throw new LobbieSyncError(`${resource.name} can't be switched off: nearly all lists hang below them`, {
        code: 'state.locations_off',
        action: 'abort',
        exitCode: EXIT.usage,
      });
    }
    const accounts = await this.#accounts(options);
    const names = withBelow(resource).map(({ name }) => name);
    const since = this.#access.clock.now();
    await this.#access.ask((db) =>
      db.transaction().execute(async (tx) => {
        await switchOff(tx, accounts, names, { via: resource.name, reason: options.reason, actor: actor(), since });
        const subject = { resources: names, accounts, reason: options.reason };
        await addAudit(tx, { actor: actor(), action: 'resources.off', resource: resource.name, subject }, since);
      }),
    );
    return names;
  }

  /** Switches a list on again, with what went off with it. @returns how many lists were off */
  async switchOn(options: SwitchOptions): Promise<number> {
    const { name } = resourceNamed(options.resource);
    const accounts = await this.#accounts(options);
    return await this.#access.ask((db) =>
      db.transaction().execute(async (tx) => {
        const lists = await switchOn(tx, accounts, name);
        const entry = { actor: actor(), action: 'resources.on', resource: name, subject: { accounts, lists } };
        await addAudit(tx, entry, this.#access.clock.now());
        return lists;
      }),
    );
  }

  async #accounts({ accountId }: SwitchOptions): Promise<readonly string[]> {
    await this.#access.requireSchema();
    const { accountIds } = this.#access.config.lobbie();
    if (accountId === undefined) return [TOKEN_ACCOUNT, ...accountIds];
    if (!accountIds.includes(accountId)) throw new ConfigError([`--account ${accountId} is not in LOBBIE_ACCOUNT_IDS`]);
    return [accountId];
  }
}
