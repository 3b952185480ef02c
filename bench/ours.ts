/** This program's turns: training steps or inferences on some threads of the CPU, as the package runs them. */

import { evaluationViews, viewRows } from '../lib/data/batches/views.js';
import { preset } from '../lib/graph/presets.js';
import type { Precision } from '../lib/plan/precision.js';
import { parseDevices } from '../lib/runtime/devices.js';
import { Network } from '../lib/runtime/network.js';
import { initialise } from '../lib/runtime/initialise.js';
import type { Pass } from '../lib/bench/rows.js';
import type { Contender } from './turns.js';

export interface OwnOptions {
  readonly preset: string;
  readonly pass: Pass;
  readonly batch: number;
  readonly threads: number;
  /** Default fp32. */
  readonly precision?: Precision;
}

export interface Own extends Contender, AsyncDisposable {
  readonly network: Network;
  readonly images: Uint8Array;
  /** Taken off every pixel. */
  readonly mean: number;
  /** Of the last image, in inference. */
  readonly probabilities: readonly number[] | undefined;
}

const classes = 1000;
const mean = 128;

function noise(bytes: number): Uint8Array {
  const images = new Uint8Array(bytes);
  for (let i = 0, state = 1; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    images[i] = state >>> 24;
  }
  return images;
}

/** Inference alone keeps its weights in the kernels' own order; training sends its images with every step. */
export async function startOurs({
  preset: name,
  pass,
  batch,
  threads,
  precision = 'fp32',
}: OwnOptions): Promise<Own> {
  const { graph, preprocessing } = preset(name, classes);
  const training = { momentum: 0.9, weightDecay: 0.0005, decayBiases: false };
  const network = Network.open({
    graph,
    preprocessing,
    devices: parseDevices('cpu', { threads }),
    batch,
    precision,
    ...(pass === 'training' && { training }),
  });
  const { store, crop } = preprocessing;
  const images = noise(batch * store ** 2 * 3);
  const given = {
    images,
    views: viewRows(evaluationViews(1, store, crop)[0], batch),
    labels: Int32Array.from({ length: batch }, (_, n) => n % classes),
  };
  // The same arithmetic as with any other rate, and weights that stay where they are.
  const still = graph.layers.flatMap(() => [0, 0]);
  let number = 0;
  const step = async (): Promise<Float32Array | undefined> => {
    if (pass === 'inference') return (await network.infer(given)).probabilities;
    await network.train(given, number++, still);
    return undefined;
  };
  await initialise(network, 'he', [1, 0]);
  network.setMean(new Float32Array(store ** 2 * 3).fill(mean));
  const found = await step();
  return {
    network,
    images,
    mean,
    probabilities: found && Array.from(found.slice(-classes)),
    turn: async (milliseconds) => {
      const start = performance.now();
      let steps = 0;
      do {
        await step();
        steps++;
      } while (performance.now() - start < milliseconds);
      return (performance.now() - start) / steps;
    },
    [Symbol.asyncDispose]: async () => await network[Symbol.asyncDispose](),
  };
}
