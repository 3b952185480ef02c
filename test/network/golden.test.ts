/**
 * The paper's network against PyTorch in float64: losses, logits, gradients and features over five steps, on one device
 * and on two halves of the CPU. Weights, images and labels come from the formula in test/goldens/README.md.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutDropout } from '../../lib/graph/edit.js';
import { preset } from '../../lib/graph/presets.js';
import { parseDevices } from '../../lib/runtime/devices.js';
import { Network } from '../../lib/runtime/network.js';
import { parameterShapes } from '../../lib/train/checkpoint.js';
import { formulaNumbers } from './formula.js';

interface GoldenStep {
  learning_rate: number;
  loss: number;
  logits: Record<string, number>;
  fc7_norm: number[];
  grad_norm: Record<string, number>;
}
interface Golden {
  seed: number;
  batch: number;
  momentum: number;
  weight_decay: number;
  labels: number[];
  steps: GoldenStep[];
}

const golden = JSON.parse(
  readFileSync(new URL('../goldens/network.json', import.meta.url), 'utf8'),
) as Golden;
const { preprocessing, ...paper } = preset('paper', 1000);
const graph = withoutDropout(paper.graph);
const layers = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8'];

function parameters(): Map<string, Float32Array> {
  const made = new Map<string, Float32Array>();
  for (const [name, shape] of parameterShapes(graph)) {
    const [layer = '', role] = name.split('.');
    const place = layers.indexOf(layer);
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const scale = role === 'bias' ? 0.1 : Math.fround(place === 0 ? 0.02 : 2 / Math.sqrt(fanIn));
    const id = 2 * place + (role === 'bias' ? 1 : 0);
    made.set(
      name,
      formulaNumbers(
        golden.seed,
        id,
        shape.reduce((a, b) => a * b, 1),
        scale,
      ),
    );
  }
  return made;
}

/** 61 million numbers: drawn once. */
const drawn = parameters();

/** NCHW to the devices' NHWC. */
function images(): Float32Array {
  const from = formulaNumbers(golden.seed, 100, golden.batch * 3 * 224 * 224, 100);
  const to = new Float32Array(from.length);
  const area = 224 * 224;
  for (let n = 0; n < golden.batch; n++) {
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < area; p++) to[(n * area + p) * 3 + c] = from[(n * 3 + c) * area + p] as number;
    }
  }
  return to;
}

const norm = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

const open = (devices: string, update: boolean): Network => {
  const network = Network.open({
    graph,
    preprocessing,
    devices: parseDevices(devices),
    batch: golden.batch,
    rawInput: true,
    training: {
      momentum: golden.momentum,
      weightDecay: golden.weight_decay,
      decayBiases: false,
      update,
    },
  });
  network.setParameters(drawn);
  return network;
};

describe.each(['cpu', 'cpu:0/2,cpu:1/2'])("the paper's network on %s", (devices) => {
  const batch = { images: images(), labels: Int32Array.from(golden.labels), views: new Float32Array() };

  it('has the losses of PyTorch over all steps', { timeout: 60_000 }, async () => {
    await using network = open(devices, true);
    network.setParameters(
      new Map([...drawn].map(([name, { length }]) => [name, new Float32Array(length)])),
      'momentum',
    );
    for (const [step, expected] of golden.steps.entries()) {
      const rates = layers.flatMap(() => [expected.learning_rate, expected.learning_rate]);
      const { losses } = await network.train(batch, step, rates);
      const loss = losses.reduce((a, b) => a + b, 0) / golden.batch;
      expect(Math.abs(loss - expected.loss) / expected.loss, `loss of step ${step}`).toBeLessThan(1e-4);
    }
  });

  it('has the gradients of PyTorch in the first step', { timeout: 60_000 }, async () => {
    await using network = open(devices, false);
    await network.train(batch, 0, []);
    const gradients = network.gradients();
    for (const [name, expected] of Object.entries(golden.steps[0]?.grad_norm ?? {})) {
      const received = norm(gradients.get(name) ?? new Float32Array());
      expect(Math.abs(received - expected) / expected, name).toBeLessThan(1e-4);
    }
  });
});
