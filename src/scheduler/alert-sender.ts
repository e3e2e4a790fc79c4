import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import type { Alert } from './alerts.ts';

export interface AlertTarget {
  /** Receives one JSON POST for each group of alerts. Never logged, because it may hold a secret. */
  readonly url: string;
  /** `json`: all fields, see `alertBody`. `slack`: `{ "text": ... }`. Default `json`. */
  readonly format?: 'json' | 'slack';
  /** Waits between tries, milliseconds. Default 1, 5 and 30 seconds. */
  readonly retryDelaysMs?: readonly number[];
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

const ANSWER_MS = 10_000;
const MARKS = { problem: 'PROBLEM', reminder: 'STILL', recovered: 'RECOVERED' } as const;

/** The JSON body of an alert request. Pure. */
export function alertBody(alerts: readonly Alert[], format: 'json' | 'slack', at: Date, host: string): string {
  const lines = alerts.map((alert) => `${MARKS[alert.kind]} ${alert.message} [since ${alert.since.toISOString()}]`);
  const text = [`lobbie-sync on ${host}`, ...lines].join('\n');
  if (format === 'slack') return JSON.stringify({ text: escapeSlack(text) });
  return JSON.stringify({ source: 'lobbie-sync', host, at, text, alerts });
}

/** Escapes the three characters that Slack reads as markup. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export type Delivery = { readonly delivered: true } | { readonly delivered: false; readonly reason: string };

/** Sends alerts in one request, and retries when the receiver is unreachable or asks for a retry. Never throws. */
export async function sendAlerts(
  target: AlertTarget,
  alerts: readonly Alert[],
  clock: Clock,
  stop: AbortSignal,
): Promise<Delivery> {
  const body = alertBody(alerts, target.format ?? 'json', clock.now(), hostname());
  const delays = target.retryDelaysMs ?? [1000, 5000, 30_000];
  for (let tries = 0; ; tries += 1) {
    const { status, reason } = await post(target, body);
    if (status !== undefined && status >= 200 && status < 300) return { delivered: true };
    const delay = delays[tries];
    const retryable = status === undefined || status === 408 || status === 429 || status >= 500;
    if (!retryable || delay === undefined || stop.aborted) return { delivered: false, reason };
    await clock.sleep(delay, stop).catch(() => undefined);
  }
}

async function post(target: AlertTarget, body: string): Promise<{ status: number | undefined; reason: string }> {
  try {
    const response = await (target.fetch ?? fetch)(target.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.body?.cancel();
    return { status: response.status, reason: `HTTP ${response.status}` };
  } catch (error) {
    // Node puts the code of the socket error into the cause. Its texts are left out, because they may quote the URL.
    const { code } = ((error as { cause?: unknown } | null)?.cause ?? {}) as { code?: unknown };
    return { status: undefined, reason: typeof code === 'string' ? code : 'no answer' };
  }
}
