import type { ApiClient } from '../api/client.ts';
import type { Config, LobbieSettings } from '../config/config.ts';

/** The subject of a check, which decides the exit code. */
export type FindingArea = 'settings' | 'sign-in' | 'lists' | 'database';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly area: FindingArea;
  /** Whose list it is: `account 1001`, `the token`. Absent for other checks. */
  readonly owner?: string;
  readonly ok: boolean | 'warning';
  readonly detail: string;
  /** How to fix it; null when there is nothing to fix. */
  readonly hint: string | null;
}

export interface DoctorDependencies {
  readonly config: Config;
  /** Makes the client for the checks; it reports the server's clock to `onDate`. */
  readonly connect: (lobbie: LobbieSettings, onDate: (date: Date) => void) => ApiClient;
  readonly databaseUrl: () => Promise<string>;
  readonly pendingMigrations: (url: string) => Promise<readonly string[]>;
  readonly newerOperations: (names: readonly string[]) => ReadonlySet<string>;
  readonly now: () => Date;
  readonly onFinding?: (finding: Finding) => void;
}
