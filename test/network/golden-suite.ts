/**
 * The paper's network against PyTorch in float64: losses and gradients. Weights, images and labels come from the formula in test/goldens/README.md.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutDropout } from '../../lib/graph/edit.js';
import { preset } from '../../lib/graph/presets.js';
import type { Precision } from '../../lib/plan/precision.js';
import { parseDevices } from '../../lib/runtime/devices.js';
import { Network } from '../../lib/runtime/network.js';
import { parameterShapes } from '../../lib/run/checkpoint.js';
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

interface Where {
  readonly devices: string;
  readonly precision: Precision;
}

const open = ({ devices, precision }: Where, update: boolean): Network => {
  const network = Network.open({
    graph,
    preprocessing,
    devices: parseDevices(devices),
    precision,
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

/** Of losses, relative. */
const tolerances: Readonly<Record<Precision, number>> = { fp32: 1e-4, tf32: 1e-3, bf16: 1e-2 };
/** Of gradients' norms: rounding chooses another maximum of a pool here and there, and few images even that out. */
const gradientTolerances: Readonly<Record<Precision, number>> = { ...tolerances, bf16: 2e-2 };

export function goldenNetworkSuite(where: Where): void {
  const { devices, precision } = where;
  const tolerance = tolerances[precision];
  // What is rounded in each step adds up; only float32 stays close for long.
  const followed = precision === 'fp32' ? golden.steps : golden.steps.slice(0, 1);

  describe(`the paper's network on ${devices} in ${precision}`, () => {
    const batch = { images: images(), labels: Int32Array.from(golden.labels), views: new Float32Array() };

    it('has the losses of PyTorch', async () => {
      await using network = open(where, true);
      network.setParameters(
        new Map([...drawn].map(([name, { length }]) => [name, new Float32Array(length)])),
        'momentum',
      );
      for (const [step, expected] of followed.entries()) {
        const rates = layers.flatMap(() => [expected.learning_rate, expected.learning_rate]);
        const { losses } = await network.train(batch, step, rates);
        const loss = losses.reduce((a, b) => a + b, 0) / golden.batch;
        expect(Math.abs(loss - expected.loss) / expected.loss, `loss of step ${step}`).toBeLessThan(
          tolerance,
        );
      }
    });

    it('has the gradients of PyTorch in the first step', async () => {
      await using network = open(where, false);
      await network.train(batch, 0, []);
      const gradients = network.gradients();
      for (const [name, expected] of Object.entries(golden.steps[0]?.grad_norm ?? {})) {
        const received = norm(gradients.get(name) ?? new Float32Array());
        expect(Math.abs(received - expected) / expected, name).toBeLessThan(gradientTolerances[precision]);
      }
    });
  });
}
