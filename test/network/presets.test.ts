/** Every preset as a whole network: its gradients agree with its losses, and two devices with one. */

import { describe, expect, it } from 'vitest';
import type { Graph } from '../../lib/graph/graph.js';
import { preset, presetNames } from '../../lib/graph/presets.js';
import { seedWords } from '../../lib/random/philox.js';
import { parseDevices } from '../../lib/runtime/devices.js';
import { Network, type Batch } from '../../lib/runtime/network.js';
import { initialise } from '../../lib/runtime/initialise.js';
import { needs } from '../needs.js';
import { formulaNumbers } from './formula.js';

const batch = 2;
const classes = 7;

/** Inputs as spread as prepared photographs are. */
function batchFor(graph: Graph, spread: number): Batch {
  const { height, width, channels } = graph.input;
  return {
    images: formulaNumbers(3, 9, batch * height * width * channels, spread),
    labels: Int32Array.from({ length: batch }, (_, n) => (n * 3) % classes),
    views: new Float32Array(),
  };
}

const mean = (losses: Float32Array): number => losses.reduce((a, b) => a + b, 0) / losses.length;

async function open(name: string, devices: string, update: boolean): Promise<Network> {
  const { graph, preprocessing } = preset(name, classes);
  const network = Network.open({
    graph,
    preprocessing,
    devices: parseDevices(devices),
    batch,
    rawInput: true,
    seed: seedWords(11),
    training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false, update },
  });
  await initialise(network, 'he', seedWords(5));
  return network;
}

describe.each(presetNames)('preset %s', (name) => {
  const { graph, preprocessing } = preset(name, classes);
  const input = batchFor(graph, 100 / preprocessing.deviation[0]);

  it('has the gradient that its loss changes by', async () => {
    await using network = await open(name, 'cpu', false);
    const { losses } = await network.train(input, 0, []);
    const weights = network.parameters();
    const gradients = network.gradients();
    const norm = Math.sqrt(
      [...gradients.values()].reduce((sum, g) => sum + g.reduce((own, value) => own + value * value, 0), 0),
    );
    // A step down the gradient so short that the loss falls by about 1 % of itself: the slope there is -norm.
    const length = (0.01 * mean(losses)) / norm;
    const moved = (sign: number): Map<string, Float32Array> =>
      new Map(
        [...weights].map(([key, values]) => {
          // Running statistics have none.
          const g = gradients.get(key);
          return [key, values.map((value, i) => value + (sign * length * (g?.[i] ?? 0)) / norm)];
        }),
      );
    const lossAt = async (sign: number): Promise<number> => {
      network.setParameters(moved(sign));
      return mean((await network.train(input, 0, [])).losses);
    };
    const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * length);
    expect(slope / norm).toBeCloseTo(1, 1);
  });

  const splits = name !== 'caffe';
  it.runIf(splits)(
    `trains on two devices as on one${needs(splits, 'normalisation within groups of maps')}`,
    async () => {
      await using one = await open(name, 'cpu', true);
      await using two = await open(name, 'cpu:0/2,cpu:1/2', true);
      // Behind batch normalisation many of ReLU's inputs lie near 0, where another order of sums may take the other side;
      // what follows from it grows with the rate.
      const rate = graph.layers.some(({ kind }) => kind === 'batch_norm') ? 1e-7 : 1e-5;
      const rates = graph.layers.flatMap(() => [rate, rate]);
      for (let step = 0; step < 3; step++) {
        const a = mean((await one.train(input, step, rates)).losses);
        const b = mean((await two.train(input, step, rates)).losses);
        expect(Math.abs(a - b) / a, `step ${step}`).toBeLessThan(1e-5);
      }
    },
  );
});
