/** Two ways of starting tasks: spaced by a rate, or limited only in how many run at once. */
import Bottleneck from 'bottleneck';
import PQueue from 'p-queue';
import type { Clock } from '../core/clock.ts';
import { Pace } from './pace.ts';

/** Longest single timer in milliseconds; one over 24 days would fire at once. */
export const SLICE_MS = 3_600_000;

/** A position in the queue. Which task starts there is decided at the start (lanes.ts). */
export interface Place {
  /** Whether any task still waits. */
  waiting(): boolean;
  /** Runs a task if one waits; never rejects. */
  start(): Promise<void>;
}

/** A task that waits. It leaves the queue when it starts or when its caller gives up. */
export interface Job extends Place {
  /** 0 to 9, lower first. */
  readonly priority: number;
}

/** What a gate needs from its limiter. */
export interface GateContext {
  readonly clock: Clock;
  readonly maxConcurrent: number;
  /** Aborted when the limiter is closed. */
  readonly closed: AbortSignal;
  /** The present rate in starts a second. */
  rate(): number;
  /** Jobs that wait and whose callers have not given up. */
  queued(): number;
  running(): number;
  paused(): boolean;
  /** Resolves when starts are allowed again; rejects when the limiter is closed. */
  pauseOver(): Promise<void>;
}

export interface Gate {
  enter(place: Place): void;
  /** To be called when a job has ended. */
  ended(): void;
}

/** A gate without a rate: tasks start at once. It costs microseconds, so benchmarks measure the rest. */
export function openGate(context: GateContext): Gate {
  const queue = new PQueue({ concurrency: context.maxConcurrent });
  return {
    enter(place) {
      const task = async () => {
        if (context.paused()) await context.pauseOver();
        await place.start();
      };
      // Only closing rejects it, and close() has already rejected the caller's promise.
      queue.add(task).catch(() => undefined);
    },
    ended: () => undefined,
  };
}

/** A queue whose tasks start when they are granted a start. */
interface Starter {
  add(task: () => Promise<void>): void;
  grant(starts: number): void;
}

/**
 * Bottleneck implements the queue and `maxConcurrent`. Its own `minTime` is not used: it reserves starts ahead of
 * time, so neither a pause nor a more urgent task could come in between. Instead its reservoir stays empty and gets one start
 * whenever `Pace` grants one and a task can use it.
 */
function bottleneckStarter(maxConcurrent: number): Starter {
  const bottleneck = new Bottleneck({ maxConcurrent, reservoir: 0 });
  return {
    add: (task) => void bottleneck.schedule(task).catch(() => undefined),
    grant: (starts) => void bottleneck.incrementReservoir(starts),
  };
}

/** A plain list, for rates that Bottleneck does not reach. */
function listStarter(): Starter {
  const list: (() => Promise<void>)[] = [];
  let open = 0;
  let draining = false;
  const drain = () => {
    // A task whose caller gave up passes its start on while this loop runs.
    if (draining) return;
    draining = true;
    for (
      let task = open > 0 ? list.shift() : undefined;
      task !== undefined;
      task = open > 0 ? list.shift() : undefined
    ) {
      open -= 1;
      task().catch(() => undefined);
    }
    draining = false;
  };
  return {
    add(task) {
      list.push(task);
      drain();
    },
    grant(starts) {
      open += starts;
      drain();
    },
  };
}

/**
 * The highest rate, in starts a second, for which Bottleneck is used. It sets about two timers of a millisecond for each task, one
 * after the other: 430 starts a second were measured where 500 were allowed. At 200 it keeps up with room to spare.
 */
const BOTTLENECK_UP_TO = 200;

/** A gate in which `Pace` grants starts, only to tasks that can begin at once, so that no starts are saved up for a burst. */
export function pacedGate(context: GateContext, configuredRate: number): Gate {
  const { clock } = context;
  const starter = configuredRate > BOTTLENECK_UP_TO ? listStarter() : bottleneckStarter(context.maxConcurrent);
  const pace = new Pace();
  /** Starts granted and not yet begun. */
  let granted = 0;
  let pumping = false;

  const now = () => clock.now().getTime();
  // While a granted start has not begun, no other is granted: a pause that has just begun may hold it up.
  const wanted = () => (granted > 0 ? 0 : Math.min(context.queued(), context.maxConcurrent - context.running()));

  async function pump(): Promise<void> {
    while (wanted() > 0) {
      if (context.paused()) await context.pauseOver();
      const wait = pace.waitMs(now(), context.rate());
      // Timers cut off fractions, so a wait that is rounded down would make this loop spin. Timers overflow far beyond one hour.
      if (wait > 0) await clock.sleep(Math.min(Math.ceil(wait), SLICE_MS), context.closed);
      if (context.paused()) continue;
      const most = wanted();
      let starts = 0;
      while (starts < most && pace.tryGrant(now(), context.rate())) starts += 1;
      granted = starts;
      if (starts > 0) starter.grant(starts);
    }
  }

  function wake(): void {
    if (pumping || context.closed.aborted) return;
    pumping = true;
    pump()
      // Only closing ends it early, and close() has already rejected all promises that wait.
      .catch(() => undefined)
      .finally(() => {
        pumping = false;
        if (wanted() > 0) wake();
      });
  }

  return {
    enter(place) {
      starter.add(async () => {
        // A pause that began after the grant applies to this start, too.
        if (place.waiting() && context.paused()) await context.pauseOver();
        // If everybody gave up meanwhile, the next who comes gets the start.
        if (!place.waiting()) {
          await place.start();
          return starter.grant(1);
        }
        granted -= 1;
        pace.begin(now());
        const done = place.start();
        wake();
        await done;
      });
      wake();
    },
    ended: wake,
  };
}
