import { createHash } from 'node:crypto';
import type { Overview, PublicRun } from './overview.ts';
import type { ServiceView } from './view.ts';

const STYLE = `
:root{color-scheme:light dark;--fg:#1c2430;--bg:#fff;--soft:#5a6675;--line:#d9dee5;--good:#12703c;--bad:#b3261e;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--fg:#e4e8ee;--bg:#14181e;--soft:#9aa6b4;--line:#2f3742;--good:#62c88d;--bad:#ff8a80;--warn:#e6b450}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:70rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.n{text-align:right}
`;

/** The content security policy: only this page's own style, no script, no frame, no other source. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const CLASS_OF: Readonly<Record<string, string>> = {
  succeeded: 'good',
  failed: 'bad',
  partial: 'warn',
  incomplete: 'warn',
  waiting: 'warn',
  skipped: 'warn',
  rejected: 'bad',
  conflict: 'warn',
  in_doubt: 'warn',
};

/** Renders the status page: the verdict first, then the details. Pure. */
export function renderPage(overview: Overview | undefined, view: ServiceView, now: Date): string {
  const body =
    overview === undefined
      ? '<h1 class="bad">The database can\'t be read</h1><p>The daemon waits for it and continues by itself.</p>'
      : [
          verdict(overview, view, now),
          jobs(overview, view, now),
          alerts(overview, now),
          deliveries(overview, now),
          runs(overview.runs, now),
          freshness(overview, now),
        ].join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="refresh" content="60"><title>lobbie-sync</title><style>${STYLE}</style></head>
<body>${body}
<p class="soft">lobbie-sync, ${time(now)} UTC${view.draining ? ', stopping' : ''}. Times are UTC.</p></body></html>
`;
}

function verdict({ alerts: states, lastSuccess, running }: Overview, view: ServiceView, now: Date): string {
  const bad = states.filter((alert) => alert.state !== 'ok');
  const headline =
    bad.length > 0
      ? `<h1 class="bad">${bad.length === 1 ? 'One thing needs' : `${bad.length} things need`} a look</h1>`
      : lastSuccess.every(({ kind }) => kind === 'push')
        ? '<h1 class="warn">No run has read everything yet</h1>'
        : '<h1 class="good">All is well</h1>';
  const last = lastSuccess.map(({ kind, at }) => `last complete ${text(kind)} ${ago(at, now)}`);
  const busy = running.length > 0 || view.jobs.some((job) => job.runningDue !== null) ? ['a run is under way'] : [];
  return `${headline}<p>${[...last, ...busy].join(' · ')}</p>`;
}

function jobs({ nightlySyncs }: Overview, view: ServiceView, now: Date): string {
  const rows = view.jobs.map(({ job, cron, timezone, nextDue }) => {
    const last = nightlySyncs.find((each) => each.job === job && each.status !== 'first_start');
    const what = last === undefined ? '' : `${status(last.status)} <span class="soft">${ago(last.dueAt, now)}</span>`;
    const next = last?.status === 'waiting' && last.nextAttemptAt ? last.nextAttemptAt : nextDue;
    return [
      text(job),
      `${text(cron)} <span class="soft">${text(timezone)}</span>`,
      what,
      text(last?.message),
      time(next),
    ];
  });
  return section('Schedule', ['job', 'when', 'last', 'remark', 'next'], rows, []);
}

function alerts({ alerts: states }: Overview, now: Date): string {
  const bad = states.filter((alert) => alert.state !== 'ok');
  if (bad.length === 0) return '';
  const rows = bad.map(({ message, since, state }) => [status(state), text(message), ago(since, now)]);
  return section('Needs a look', ['what', 'why', 'since'], rows, []);
}

/** The section on deliveries; empty if the outbox is empty and deliveries are not paused. */
function deliveries({ outbox }: Overview, now: Date): string {
  const { counts, needsPerson, lostToday, oldestWaiting, paused } = outbox;
  const filled = Object.entries(counts).filter(([, changes]) => changes > 0);
  if (filled.length === 0 && paused.pausedAt === null) return '';
  const why = paused.reason === null ? '' : `: ${text(paused.reason)}`;
  const notes = [
    ...(paused.pausedAt === null
      ? []
      : [`<span class="warn">paused ${ago(paused.pausedAt, now)} by ${text(paused.pausedBy)}${why}</span>`]),
    ...(needsPerson === 0
      ? []
      : [`<span class="warn">${count(needsPerson)} ${needsPerson === 1 ? 'waits' : 'wait'} for a person</span>`]),
    ...(lostToday === 0 ? [] : [`<span class="bad">${count(lostToday)} refused or given up within a day</span>`]),
    ...(oldestWaiting === null ? [] : [`the oldest open change was requested ${ago(oldestWaiting, now)}`]),
  ];
  const rows = filled.map(([name, changes]) => [status(name), count(changes)]);
  return `${section('Deliveries', ['status', 'changes'], rows, [1])}<p>${notes.join(' · ')}</p>`;
}

function runs(latest: readonly PublicRun[], now: Date): string {
  const rows = latest.map((run) => [
    text(run.id),
    text(run.kind),
    status(run.status),
    `${time(run.started_at)} <span class="soft">${ago(run.started_at, now)}</span>`,
    run.finished_at === null ? '' : span(run.finished_at.getTime() - run.started_at.getTime()),
    ...[run.requests, run.rows_read, run.rows_inserted, run.rows_updated, run.rows_deleted, run.rows_rejected].map(
      count,
    ),
    text(run.error),
  ]);
  const heads = [
    'run',
    'kind',
    'status',
    'began',
    'took',
    'requests',
    'read',
    'new',
    'changed',
    'gone',
    'rejected',
    'why',
  ];
  return section('Runs', heads, rows, [5, 6, 7, 8, 9, 10]);
}

function freshness({ freshness: ages, openRejects }: Overview, now: Date): string {
  const rejects = new Map(openRejects.map((each) => [each.resource, each.rejects]));
  const rows = ages.map(({ accountId, resource, oldestCheckedAt, lists, rows: records }) => [
    text(accountId ?? 'all'),
    text(resource),
    ago(oldestCheckedAt, now),
    count(lists),
    count(records),
    count(rejects.get(resource) ?? 0),
  ]);
  const heads = ['account', 'resource', 'last read to the end', 'lists', 'records', 'open rejects'];
  return section('Freshness', heads, rows, [3, 4, 5]);
}

function section(title: string, heads: readonly string[], rows: readonly string[][], right: readonly number[]): string {
  if (rows.length === 0) return `<h2>${title}</h2><p class="soft">Nothing yet.</p>`;
  const cell = (tag: string) => (html: string, index: number) =>
    `<${tag}${right.includes(index) ? ' class="n"' : ''}>${html}</${tag}>`;
  const head = heads.map(cell('th')).join('');
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
  return `<h2>${title}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string | null | undefined): string {
  return (value ?? '').replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

const status = (name: string): string => `<span class="${CLASS_OF[name] ?? 'soft'}">${text(name)}</span>`;

const time = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');

const count = (value: string | number): string => Number(value).toLocaleString('en');

function ago(at: Date, now: Date): string {
  return `${span(Math.max(0, now.getTime() - at.getTime()))} ago`;
}

/** The two largest units, e.g. `2 d 3 h`. */
function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}
