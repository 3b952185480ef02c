/** Times every command of a training step and of an inference where they run, and whole steps in images a second. */

import { preset } from '../graph/presets.js';
import type { Precision } from '../plan/precision.js';
import type { DeviceSpec } from '../runtime/devices.js';
import type { ProfileSpan } from '../runtime/native/program.js';
import { median, opTimes, type OpTime, type Pass, type StepRate } from './rows.js';
import { Workload } from './workload.js';

export interface BenchNetworkOptions {
  readonly preset: string;
  readonly batch: number;
  readonly precision: Precision;
  readonly devices: readonly DeviceSpec[];
  /** How many times each command is timed, and how many steps are queued on a card at once. */
  readonly runs: number;
}

export interface NetworkTimes {
  readonly ops: readonly OpTime[];
  readonly rates: readonly StepRate[];
}

const classes = 1000;

/** Rounds of steps on a card; fewer when they take longer than this, so that slow kernels do not hold up the rest. */
const rounds = 5;
const patienceMs = 2000;
/** What a round lasts at least: long compared with the time in which its first images arrive. */
const roundMs = 250;

interface Timed {
  readonly profiles: readonly (readonly ProfileSpan[])[];
  /** Of a step, by how they were run. */
  readonly milliseconds: ReadonlyMap<string, number>;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const several = async <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  await Promise.all(Array.from({ length: count }, work));

/** On CPUs profiling costs no time, so one run gives both. */
async function timeOnHost(workload: Workload, pass: Pass, runs: number): Promise<Timed> {
  await workload.run(pass, { upload: true });
  const profiles: (readonly ProfileSpan[])[] = [];
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const time = await timeOf(async () => {
      profiles.push(await workload.run(pass, { upload: true, profile: true }));
    });
    times.push(time);
  }
  return { profiles, milliseconds: new Map([['one by one', median(times)]]) };
}

/**
 * Several steps are queued on a card at once, so that it is never idle. In a profiled step commands are queued one by one,
 * while the step before runs; any other step is one graph.
 */
async function timeOnCards(workload: Workload, pass: Pass, runs: number): Promise<Timed> {
  // The second run of a program makes its graph.
  await workload.run(pass, { upload: true });
  await workload.run(pass, { upload: true });
  const once = await timeOf(async () => await workload.run(pass, { upload: true }));
  const atOnce = Math.max(1, Math.min(runs, Math.ceil(roundMs / once)));
  const oneByOne = Math.max(1, Math.round(roundMs / once / atOnce));
  const steps = async (upload: boolean) =>
    await several(atOnce, async () => {
      for (let step = 0; step < oneByOne; step++) await workload.run(pass, { upload });
    });
  const profiles = await several(
    atOnce,
    async () => await workload.run(pass, { upload: true, profile: true }),
  );
  const milliseconds = new Map<string, number>();
  for (const upload of [true, false]) {
    // The memory of runs under way is taken in the first round.
    const spent = [await timeOf(async () => await steps(upload))];
    const times: number[] = [];
    while (times.length === 0 || (times.length < rounds && spent.reduce((a, b) => a + b) < patienceMs)) {
      const time = await timeOf(async () => await steps(upload));
      times.push(time / (atOnce * oneByOne));
      spent.push(time);
    }
    milliseconds.set(upload ? 'graphs' : 'graphs, images not sent', median(times));
  }
  return { profiles, milliseconds };
}

export async function benchNetwork(options: BenchNetworkOptions): Promise<NetworkTimes> {
  const { batch, precision, devices, runs } = options;
  const { graph, preprocessing } = preset(options.preset, classes);
  await using workload = await Workload.open({ graph, preprocessing, devices, precision, batch, classes });
  const onCards = devices.every(({ backend }) => backend === 'cuda');
  const ops: OpTime[] = [];
  const rates: StepRate[] = [];
  for (const pass of ['training', 'inference'] as const) {
    const setting = { batch, precision, pass };
    const timed = await (onCards ? timeOnCards : timeOnHost)(workload, pass, runs);
    ops.push(...opTimes(setting, workload.plan(pass).drafts, timed.profiles));
    for (const [variant, milliseconds] of timed.milliseconds) {
      rates.push({ ...setting, variant, milliseconds, imagesPerSecond: (1000 * batch) / milliseconds });
    }
  }
  return { ops, rates };
}
