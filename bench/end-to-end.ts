import { backfill, cpuSeconds, type RunFigures, startSimulatorProcess } from './processes.ts';
import { median, noise, startBenchDatabase, walBytes } from './support.ts';

/** The figures of one kind of run: medians over the repetitions. */
export interface EndToEndFigures {
  readonly seconds: number;
  readonly noise: number;
  readonly requestsPerSecond: number;
  /** Records in answers; rows embedded in them are not counted. */
  readonly receivedPerSecond: number;
  /** Rows inserted, updated or found unchanged. */
  readonly rowsPerSecond: number;
  readonly rows: number;
  readonly walPerRow: number;
  /** Cores kept busy. */
  readonly cores: PerProcess;
  /** Microseconds of processor time per row, the figure that other work on the machine disturbs least. */
  readonly cpuPerRow: PerProcess;
  readonly peakMegabytes: number;
}

export interface PerProcess {
  readonly sync: number;
  readonly simulator: number;
  readonly postgres: number;
}

export interface EndToEnd {
  readonly name: string;
  readonly first: EndToEndFigures;
  readonly again: EndToEndFigures;
}

interface Measured extends RunFigures {
  readonly wal: number;
  readonly simulatorCpu: number;
  readonly postgresCpu: number;
}

const stored = (run: RunFigures): number => run.inserted + run.updated + run.unchanged;

function summary(runs: readonly Measured[]): EndToEndFigures {
  const of = (value: (run: Measured) => number) => median(runs.map(value));
  const cpu = (unit: (run: Measured) => number): PerProcess => ({
    sync: of((run) => run.cpuSeconds / unit(run)),
    simulator: of((run) => run.simulatorCpu / unit(run)),
    postgres: of((run) => run.postgresCpu / unit(run)),
  });
  return {
    seconds: of((run) => run.seconds),
    noise: noise(runs.map((run) => run.seconds)),
    requestsPerSecond: of((run) => run.requests / run.seconds),
    receivedPerSecond: of((run) => run.received / run.seconds),
    rowsPerSecond: of((run) => stored(run) / run.seconds),
    rows: of(stored),
    walPerRow: of((run) => run.wal / stored(run)),
    cores: cpu((run) => run.seconds),
    cpuPerRow: cpu((run) => stored(run) / 1e6),
    peakMegabytes: of((run) => run.peakKilobytes / 1024),
  };
}

/**
 * Measures (b) a backfill of two accounts from the simulator into a new, empty database, and (e) the same again when nothing has
 * changed. Each repetition has a new server, because the statistics of a used one would help the next run.
 */
export async function benchEndToEnd(
  name: string,
  patients: number,
  resources: readonly string[],
  repetitions: number,
): Promise<EndToEnd> {
  const first: Measured[] = [];
  const again: Measured[] = [];
  const simulator = await startSimulatorProcess({ patients });
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const database = await startBenchDatabase();
      try {
        for (const runs of [first, again]) {
          await database.pool.query('CHECKPOINT');
          const wal = await walBytes(database.pool);
          const simulatorCpu = cpuSeconds(simulator.pid);
          const postgresCpu = cpuSeconds(database.pid);
          const run = await backfill({ simulator, databaseUrl: database.url, resources });
          runs.push({
            ...run,
            wal: (await walBytes(database.pool)) - wal,
            simulatorCpu: cpuSeconds(simulator.pid) - simulatorCpu,
            postgresCpu: cpuSeconds(database.pid) - postgresCpu,
          });
        }
      } finally {
        await database.stop();
      }
    }
  } finally {
    await simulator.stop();
  }
  return { name, first: summary(first), again: summary(again) };
}
