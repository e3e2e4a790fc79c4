import progress, { type MultiBar, type SingleBar } from 'cli-progress';
import { count, duration, plural } from '../format.ts';
import type { Output } from '../output.ts';
import { type Expected, type ListEvent, ProgressModel, type ResourceProgress } from './model.ts';

/** Shows how far a run is. */
export interface Display {
  event(event: ListEvent): void;
  /** Draws the last state and gives the terminal back. */
  end(): void;
}

/** Nobody watches a log: one line every ten seconds shows that the run is alive. */
const PLAIN_EVERY_MS = 10_000;
const DRAW_EVERY_MS = 200;

const clock = (): number => performance.now();

/** Bars on a terminal, lines elsewhere, nothing with --quiet. */
export function createDisplay(output: Output, expected: ReadonlyMap<string, Expected>): Display {
  const model = new ProgressModel(expected, clock());
  if (output.quiet) return { event: () => undefined, end: () => undefined };
  return output.progressStream.isTTY ? new Bars(model, output) : new Lines(model, output);
}

/** `12 s: 3,400 records, 210 requests, 14 of 33 lists, reading labs, patients`. */
export function plainLine(model: ProgressModel, now: number): string {
  const total = model.total(now);
  const reading = model
    .resources(now)
    .filter((each) => each.active > 0)
    .map((each) => each.resource);
  const parts = [
    plural(total.rows, 'record'),
    plural(model.requests, 'request'),
    `${total.done} of ${plural(total.total, 'list')}`,
    ...(total.failed > 0 ? [`${total.failed} failed`] : []),
    `${count(Math.round(total.rate))} records/s`,
    ...(total.leftMs === undefined || total.leftMs === 0 ? [] : [`about ${duration(total.leftMs)} left`]),
    ...(reading.length === 0 ? [] : [`reading ${reading.slice(0, 4).join(', ')}${reading.length > 4 ? ', ...' : ''}`]),
  ];
  return `${duration(model.elapsed(now))}: ${parts.join(', ')}`;
}

class Lines implements Display {
  readonly #model: ProgressModel;
  readonly #output: Output;
  readonly #timer: NodeJS.Timeout;

  constructor(model: ProgressModel, output: Output) {
    this.#model = model;
    this.#output = output;
    this.#timer = setInterval(() => this.#print(), PLAIN_EVERY_MS);
    this.#timer.unref();
  }

  event(event: ListEvent): void {
    this.#model.apply(event, clock());
  }

  end(): void {
    clearInterval(this.#timer);
    this.#print();
  }

  #print(): void {
    if (this.#model.begun) this.#output.note(plainLine(this.#model, clock()));
  }
}

/** One bar for the whole and one for each resource that is being read, as many as fit. */
class Bars implements Display {
  readonly #model: ProgressModel;
  readonly #output: Output;
  readonly #multi: MultiBar;
  readonly #bars: SingleBar[] = [];
  readonly #restore = () => this.#multi.stop();
  readonly #timer: NodeJS.Timeout;

  constructor(model: ProgressModel, output: Output) {
    this.#model = model;
    this.#output = output;
    const stream = output.progressStream;
    this.#multi = new progress.MultiBar({
      stream,
      fps: 1000 / DRAW_EVERY_MS,
      barsize: 20,
      barCompleteChar: '\u2588',
      barIncompleteChar: '\u2591',
      hideCursor: true,
      clearOnComplete: true,
      // Signals end the run in its own way.
      gracefulExit: false,
      forceRedraw: true,
      format: (options, params, payload: { line?: (bar: string) => string }) =>
        payload.line?.(progress.Format.BarFormat(params.progress, options)) ?? '',
    });
    output.divert((text) => this.#multi.log(text.endsWith('\n') ? text : `${text}\n`));
    // Without it, a process that is ended at once leaves a terminal without cursor.
    process.once('exit', this.#restore);
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
    this.#timer.unref();
  }

  event(event: ListEvent): void {
    this.#model.apply(event, clock());
  }

  end(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#restore);
    this.#multi.stop();
    this.#output.divert(undefined);
    if (this.#model.begun) this.#output.note(plainLine(this.#model, clock()));
  }

  #draw(): void {
    const now = clock();
    const room = Math.max(1, (this.#output.progressStream.rows ?? 24) - 3);
    const active = this.#model.resources(now).filter((each) => each.active > 0);
    const lines = [this.#model.total(now), ...active.slice(0, room)];
    // Bars are reused and never removed, which would make the display jump; those left over are blank.
    while (this.#bars.length < lines.length) this.#bars.push(this.#multi.create(1000, 0));
    for (const [at, bar] of this.#bars.entries()) {
      const shown = lines[at];
      const requests = at === 0 ? this.#model.requests : undefined;
      const line = shown === undefined ? () => '' : (drawn: string) => barLine(shown, drawn, requests);
      bar.update(Math.floor((shown?.fraction ?? 0) * 1000), { line });
    }
  }
}

/** One line of the display. */
export function barLine(shown: ResourceProgress, bar: string, requests?: number): string {
  const { resource, done, total, rows, rate, leftMs, failed } = shown;
  const parts = [
    resource.padEnd(24),
    bar,
    `${done}/${total} lists`.padStart(13),
    `${count(rows)} records`.padStart(18),
    `${count(Math.round(rate))}/s`.padStart(9),
    (leftMs === undefined || leftMs === 0 ? '' : `${duration(leftMs)} left`).padStart(14),
    ...(requests === undefined ? [] : [plural(requests, 'request')]),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return parts.join(' ').trimEnd();
}
