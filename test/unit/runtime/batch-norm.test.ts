import { expect, it } from 'vitest';

import type { Graph } from '../../../lib/graph/graph.js';
import { preset } from '../../../lib/graph/presets.js';
import { seedWords } from '../../../lib/random/philox.js';
import { parseDevices } from '../../../lib/runtime/devices.js';
import { initialise } from '../../../lib/runtime/initialise.js';
import { Network, type Batch } from '../../../lib/runtime/network.js';
import { relativeError } from '../../conformance/run.js';
import { Random } from '../../conformance/random.js';

const side = 12;
const batch = 6;
const graph: Graph = {
  name: 'small',
  input: { height: side, width: side, channels: 3 },
  layers: [
    { kind: 'convolution', name: 'conv1', maps: 8, kernel: 5, stride: 2, padding: [2, 2, 2, 2], groups: 1 },
    { kind: 'batch_norm', name: 'bn1', epsilon: 1e-5, momentum: 0.5 },
    { kind: 'activation', name: 'relu1', function: 'relu' },
    { kind: 'convolution', name: 'conv2', maps: 8, kernel: 3, stride: 1, padding: [1, 1, 1, 1], groups: 2 },
    { kind: 'batch_norm', name: 'bn2', epsilon: 1e-5, momentum: 0.5 },
    { kind: 'activation', name: 'relu2', function: 'relu' },
    { kind: 'fully_connected', name: 'fc3', units: 4 },
  ],
};

const openGraph = (of: Graph, devices: string): Network =>
  Network.open({
    graph: of,
    preprocessing: { ...preset('mini', 4).preprocessing, store: side, crop: side },
    devices: parseDevices(devices),
    batch,
    rawInput: true,
    seed: seedWords(1),
    training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false },
  });

async function open(devices: string): Promise<Network> {
  const network = openGraph(graph, devices);
  await initialise(network, 'he', seedWords(2));
  return network;
}

const input: Batch = {
  images: new Random('batch-norm', 0).normal(batch * side * side * 3, 2),
  labels: Int32Array.from({ length: batch }, (_, n) => n % 4),
  views: new Float32Array(),
};
const frozen = graph.layers.flatMap(() => [0, 0]);

it("running statistics move towards the batch's, until inference computes what training does", async () => {
  await using network = await open('cpu');
  const before = network.parameters();
  expect([...(before.get('bn1.running_mean') ?? [])]).toEqual(Array.from({ length: 8 }, () => 0));
  expect([...(before.get('bn1.running_var') ?? [])]).toEqual(Array.from({ length: 8 }, () => 1));
  const { losses } = await network.train(input, 0, frozen);
  const unlike = await network.infer(input);
  expect(relativeError(unlike.losses, losses)).toBeGreaterThan(1e-3);
  for (let step = 1; step < 40; step++) await network.train(input, step, frozen);
  const alike = await network.infer(input);
  // The running variance counts one number less: of 6 × 6 × 6 here.
  expect(relativeError(alike.losses, losses)).toBeLessThan(1e-2);
});

it('one device and two measure the same statistics and learn the same', async () => {
  await using one = await open('cpu');
  await using two = await open('cpu:0/2,cpu:1/2');
  const rates = graph.layers.flatMap(() => [0.01, 0.01]);
  for (let step = 0; step < 5; step++) {
    await one.train(input, step, rates);
    await two.train(input, step, rates);
  }
  const others = two.parameters();
  for (const [name, values] of one.parameters())
    // A bias in front of a batch normalisation has no gradient but for rounding.
    expect(relativeError(others.get(name) ?? [], values, 1), name).toBeLessThan(1e-4);
  // What one device has learned another can go on with.
  await using third = await open('cpu:0/2,cpu:1/2');
  third.setParameters(one.parameters());
  third.setParameters(one.parameters('momentum'), 'momentum');
  expect(third.parameters()).toEqual(one.parameters());
});

it('a share of the running statistics beyond 0 to 1 is refused', () => {
  const layers = graph.layers.map((layer) => (layer.name === 'bn2' ? { ...layer, momentum: 1.5 } : layer));
  expect(() => openGraph({ ...graph, layers } as Graph, 'cpu')).toThrow(
    'batch_norm_forward, bn2): momentum is 1.5; expected 0.0 to 1.0',
  );
});
