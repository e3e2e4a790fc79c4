import { backfill, startSimulatorProcess } from './processes.ts';
import { median, noise, startBenchDatabase } from './support.ts';

export interface MemoryPoint {
  readonly rows: number;
  readonly received: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly noise: number;
}

export interface MemoryFigures {
  readonly small: MemoryPoint;
  readonly large: MemoryPoint;
  readonly ratio: number;
}

/** Three lists of 4, 6 and 10 rows for each patient. */
const RESOURCES = ['notification_groups', 'appointments', 'notifications'];
const ROWS_PER_PATIENT = 20;
const ACCOUNTS = 2;

async function peak(rows: number, repetitions: number): Promise<MemoryPoint> {
  const simulator = await startSimulatorProcess({ patients: Math.round(rows / ROWS_PER_PATIENT / ACCOUNTS) });
  const runs = [];
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const database = await startBenchDatabase();
      try {
        runs.push(await backfill({ simulator, databaseUrl: database.url, resources: RESOURCES }));
      } finally {
        await database.stop();
      }
    }
  } finally {
    await simulator.stop();
  }
  const peaks = runs.map((run) => run.peakKilobytes / 1024);
  return {
    rows: median(runs.map((run) => run.inserted)),
    received: median(runs.map((run) => run.received)),
    seconds: median(runs.map((run) => run.seconds)),
    peakMegabytes: median(peaks),
    noise: noise(peaks),
  };
}

/** Measures (d) the peak memory of the process for a small and a ten times larger backfill. */
export async function benchMemory(rows = 100_000, repetitions = 3): Promise<MemoryFigures> {
  const small = await peak(rows, repetitions);
  // The large one runs once, because it takes minutes and the peak of a long run varies little.
  const large = await peak(rows * 10, 1);
  return { small, large, ratio: large.peakMegabytes / small.peakMegabytes };
}
