import type { ApiClient } from '../api/client.ts';
import { type Config, describeConfig, type LobbieSettings } from '../config/config.ts';
import { ApiError, ConfigError, LobbieSyncError } from '../core/errors.ts';
import { parsePage } from '../extractors/page.ts';
import { RESOURCES } from '../extractors/registry.ts';
import type { Read } from '../extractors/resource.ts';
import { chooseRead } from '../extractors/select.ts';
import { examineBooking } from './doctor-booking.ts';
import { examineDatabase } from './doctor-database.ts';
import type { DoctorDependencies, Finding, FindingArea } from './finding.ts';

/** How far the clock may differ. A clock that is further off makes expired tokens look valid. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Checks everything a run needs, one thing after the other. Faults that it looks for are findings and are not thrown. */
export async function examine(deps: DoctorDependencies): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const report = (finding: Finding): Finding => {
    findings.push(finding);
    deps.onFinding?.(finding);
    return finding;
  };
  const lobbie = examineSettings(deps.config, report);
  if (lobbie !== undefined) await examineLobbie(deps, lobbie, report);
  const database = await examineDatabase(deps);
  for (const finding of database) report(finding);
  report(await examineBooking(deps, !database.some((finding) => finding.ok === false)));
  return findings;
}

type Report = (finding: Finding) => Finding;

function examineSettings(config: Config, report: Report): LobbieSettings | undefined {
  const shown = Object.entries(describeConfig(config)).map(([name, value]) => `${name}=${value}`);
  try {
    const lobbie = config.lobbie();
    report({ name: 'settings', area: 'settings', ok: true, detail: shown.join(' '), hint: null });
    return lobbie;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const detail = error.problems.join('; ');
    report({ name: 'settings', area: 'settings', ok: false, detail, hint: error.hint ?? null });
    return undefined;
  }
}

async function examineLobbie(deps: DoctorDependencies, lobbie: LobbieSettings, report: Report): Promise<void> {
  let skewMs: number | undefined;
  const api = deps.connect(lobbie, (date) => {
    skewMs ??= date.getTime() - deps.now().getTime();
  });
  try {
    const newer = deps.newerOperations(lobbie.newerPaths);
    let signedIn = false;
    for (const accountId of lobbie.accountIds) {
      const name = `grant for account ${accountId}`;
      const locations = await readFirst(
        api,
        { operation: 'listLocations', scope: 'account', listKey: 'locations', paginated: true },
        { accountId },
      );
      if (locations.error instanceof ApiError && locations.error.code.startsWith('auth.')) {
        report(failed('token', 'sign-in', locations.error));
        return;
      }
      if (!signedIn)
        report({ name: 'token', area: 'sign-in', ok: true, detail: `obtained from ${lobbie.tokenUrl}`, hint: null });
      signedIn = true;
      if (locations.error !== undefined) {
        report(failed(name, locations.error.action === 'account' ? 'sign-in' : 'lists', locations.error));
        continue;
      }
      report({ name, area: 'sign-in', ok: true, detail: 'listLocations answers', hint: null });
      await examineLists(api, accountId, locations.first, newer, report);
    }
    await examineTokenLists(api, report);
    if (skewMs !== undefined) report(clockFinding(skewMs));
  } finally {
    await api.close();
  }
}

function clockFinding(skewMs: number): Finding {
  const off = Math.round(Math.abs(skewMs) / 1000);
  return Math.abs(skewMs) <= CLOCK_TOLERANCE_MS
    ? { name: 'clock', area: 'settings', ok: true, detail: "within a minute of Lobbie's", hint: null }
    : {
        name: 'clock',
        area: 'settings',
        ok: 'warning',
        detail: `${off} seconds ${skewMs > 0 ? 'behind' : 'ahead of'} Lobbie's`,
        hint: "Set this machine's clock (NTP): the age of tokens and of data is computed by it.",
      };
}

type First = Readonly<Record<string, unknown>> | undefined;

/** Reads the first row of every list of an account; lists below a parent are read for the first parent found. */
async function examineLists(
  api: ApiClient,
  accountId: string,
  location: First,
  newer: ReadonlySet<string>,
  report: Report,
): Promise<void> {
  const owner = `account ${accountId}`;
  const firsts = new Map<string, First>([['locations', location]]);
  const all = RESOURCES.filter((resource) => resource.holdsLocations !== true).flatMap((resource) =>
    resource.reads
      .map((read) => chooseRead(read, newer))
      .filter((read) => read.scope !== 'global')
      .map((read) => ({ resource, read })),
  );
  const parentsFirst = [...all.filter(({ read }) => !read.parent), ...all.filter(({ read }) => read.parent)];
  for (const { resource, read } of parentsFirst) {
    const name = `list ${resource.name} of ${owner} (${read.operation})`;
    const params = paramsOf(read, accountId, firsts);
    if (typeof params === 'string') {
      report({ name, area: 'lists', owner, ok: true, detail: `not tried: ${params}`, hint: null });
      continue;
    }
    const { first, error } = await readFirst(api, read, params);
    if (!firsts.has(resource.name)) firsts.set(resource.name, first);
    report({ ...listFinding(name, read, error), owner });
  }
}

async function examineTokenLists(api: ApiClient, report: Report): Promise<void> {
  for (const resource of RESOURCES) {
    for (const read of resource.reads.filter((each) => each.scope === 'global')) {
      const { error } = await readFirst(api, read, {});
      const name = `list ${resource.name} of the token (${read.operation})`;
      report({ ...listFinding(name, read, error), owner: 'the token' });
    }
  }
}

function listFinding(name: string, read: Read, error: LobbieSyncError | undefined): Finding {
  const absent = read.absentOn404 === true && error instanceof ApiError && error.status === 404;
  if (error === undefined || absent) {
    return { name, area: 'lists', ok: true, detail: absent ? 'answers that there is none' : 'answers', hint: null };
  }
  return failed(name, error.code === 'api.forbidden' ? 'sign-in' : 'lists', error);
}

/** The path parameters of a read, or the reason why it can't be tried. */
function paramsOf(read: Read, accountId: string, firsts: ReadonlyMap<string, First>): Record<string, string> | string {
  const params: Record<string, string> = { accountId };
  if (read.scope === 'location') {
    const location = idOf(firsts.get('locations')?.['id']);
    if (location === undefined) return 'the account has no location';
    params['locationId'] = location;
  }
  if (read.parent === undefined) return params;
  const parent = firsts.get(read.parent.resource);
  const ids = read.parent.idsIn === undefined ? parent?.['id'] : parent?.[camelCase(read.parent.idsIn)];
  const id = idOf(Array.isArray(ids) ? ids[0] : ids);
  if (id === undefined) return `no id was found in ${read.parent.resource}`;
  return { ...params, [read.parent.param]: id };
}

const camelCase = (column: string): string => column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function idOf(value: unknown): string | undefined {
  return /^\d{1,19}$/.test(String(value)) ? String(value) : undefined;
}

/** Reads the first row of a list. */
async function readFirst(
  api: ApiClient,
  read: Read,
  path: Record<string, string>,
): Promise<{ first: First; error: LobbieSyncError | undefined }> {
  try {
    const { body } = await api.callRaw(read.operation, {
      ...path,
      ...read.query,
      ...(read.paginated ? { limit: 1 } : {}),
    });
    const [first] = parsePage(read, body).records as First[];
    return { first, error: undefined };
  } catch (error) {
    if (!(error instanceof LobbieSyncError)) throw error;
    return { first: undefined, error };
  }
}

function failed(name: string, area: FindingArea, error: LobbieSyncError): Finding {
  return { name, area, ok: false, detail: `${error.message} [${error.code}]`, hint: error.hint ?? hintFor(error) };
}

function hintFor(error: LobbieSyncError): string {
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 404) return 'This path may have a newer form: see LOBBIE_NEWER_PATHS in .env.example.';
  if (status === undefined) return 'Check LOBBIE_API_URL and the network.';
  return 'Try again later. If the error stays, report the operation and the time to Lobbie. Runs read the other lists meanwhile.';
}
