import type { ApiClient } from '../api/client.ts';
import type { Config, LobbieSettings } from '../config/config.ts';

/** What a check is about; decides the exit code. */
export type FindingArea = 'settings' | 'sign-in' | 'lists' | 'database';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly area: FindingArea;
  /** Whose list it is: `account 1001`, `the token`; absent for what is no list. */
  readonly owner?: string;
  readonly ok: boolean | 'warning';
  readonly detail: string;
  /** How to mend it; null when there is nothing to mend. */
  readonly hint: string | null;
}

export interface DoctorDependencies {
  readonly config: Config;
  /** The client to examine with; the server's clock is told to `onDate`. */
  readonly connect: (lobbie: LobbieSettings, onDate: (date: Date) => void) => ApiClient;
  readonly databaseUrl: () => Promise<string>;
  readonly pendingMigrations: (url: string) => Promise<readonly string[]>;
  readonly newerOperations: (names: readonly string[]) => ReadonlySet<string>;
  readonly now: () => Date;
  readonly onFinding?: (finding: Finding) => void;
}
