/** Times every command of a training step and of an inference where they run, and whole steps in images a second. */

import { preset } from '../lib/graph/presets.js';
import { evaluationViews } from '../lib/data/views.js';
import { viewRows } from '../lib/evaluate/batches.js';
import { cost } from '../lib/plan/cost.js';
import type { Plan } from '../lib/plan/plan.js';
import { chooseDevices } from '../lib/runtime/choose.js';
import { Network, type Batch } from '../lib/runtime/network.js';
import type { ProfileSpan } from '../lib/runtime/native.js';
import { initialise } from '../lib/train/initialise.js';

export interface OpTime {
  readonly pass: 'training' | 'inference';
  readonly device: number;
  readonly label: string;
  readonly op: string;
  /** Median over the runs. */
  readonly milliseconds: number;
  readonly flops: number;
  readonly bytes: number;
}

export interface NetworkTimes {
  readonly ops: readonly OpTime[];
  /** Median over the runs. */
  readonly trainingImagesPerSecond: number;
  readonly inferenceImagesPerSecond: number;
}

export interface BenchOptions {
  readonly preset: string;
  readonly batch: number;
  readonly devices: string;
  readonly threads?: number | undefined;
  readonly runs: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** A batch of noise: the kernels' time does not depend on the values. */
function noise(batch: number, store: number, crop: number, classes: number): Batch {
  const images = new Uint8Array(batch * store * store * 3);
  for (let i = 0, state = 1; i < images.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    images[i] = state >>> 24;
  }
  return {
    images,
    labels: Int32Array.from({ length: batch }, (_, n) => n % classes),
    views: viewRows(evaluationViews(1, store, crop)[0], batch),
  };
}

function opTimes(pass: OpTime['pass'], made: Plan, profiles: readonly (readonly ProfileSpan[])[]): OpTime[] {
  const [first] = profiles;
  if (!first) return [];
  return first.flatMap(({ device, command }, place): OpTime[] => {
    const draft = made.drafts[device]?.[command];
    if (!draft) return [];
    const times = profiles.map((spans) => (spans[place]?.end ?? 0) - (spans[place]?.start ?? 0));
    return [{ pass, device, label: draft.label, op: draft.op, milliseconds: median(times), ...cost(draft) }];
  });
}

export async function benchNetwork(options: BenchOptions): Promise<NetworkTimes> {
  const { graph, preprocessing } = preset(options.preset, 1000);
  const { devices, precision } = await chooseDevices(options);
  await using network = Network.open({
    graph,
    preprocessing,
    devices,
    precision,
    batch: options.batch,
    training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false },
  });
  await initialise(network, 'he', [1, 0]);
  const batch = noise(options.batch, preprocessing.store, preprocessing.crop, 1000);
  // A rate of 0: the same arithmetic, and weights that stay where they are.
  const rates = graph.layers.flatMap(() => [0, 0]);
  const timed = async (work: () => Promise<{ profile: readonly ProfileSpan[] }>) => {
    await work();
    const profiles: (readonly ProfileSpan[])[] = [];
    const seconds: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      const started = performance.now();
      profiles.push((await work()).profile);
      seconds.push((performance.now() - started) / 1000);
    }
    return { profiles, imagesPerSecond: options.batch / median(seconds) };
  };
  const training = await timed(async () => await network.train(batch, 0, rates, { profile: true }));
  const inference = await timed(async () => await network.infer(batch, { profile: true }));
  return {
    ops: [
      ...opTimes('training', network.trainingPlan as Plan, training.profiles),
      ...opTimes('inference', network.inferencePlan, inference.profiles),
    ],
    trainingImagesPerSecond: training.imagesPerSecond,
    inferenceImagesPerSecond: inference.imagesPerSecond,
  };
}
