import { afterAll, describe, expect, it } from 'vitest';

import * as ops from '../../lib/ops.js';
import type { Tensor } from '../../lib/ops.js';
import { count } from './case.js';
import { Random } from './random.js';

afterAll(ops.closeOps);

const options = { device: 'reference' } as const;
const directions = 4;
const step = 1e-6;

type Tensors = Readonly<Record<string, Tensor>>;

interface GradientCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly forward: (inputs: Tensors) => Promise<Tensor>;
  /** The gradient of Σ y·dy with respect to each input, under the input's name. */
  readonly backward: (inputs: Tensors, dy: Tensor, y: Tensor) => Promise<Tensors>;
}

const geometry = { stride: 2, padding: [1, 0, 2, 3], groups: 2 };
const mask = { rate: 0.5, seed: 7, stream: 3 };
const strong = { size: 5, k: 2, alpha: 0.3, beta: 0.75 };

/** Operands of a batch normalisation; the running statistics do not matter to its output. */
function statistics(x: Tensor, gamma: Tensor, beta: Tensor): ops.BatchNormTrainingArguments {
  const row = (value: number): Tensor => ({
    data: new Float64Array(gamma.data.length).fill(value),
    shape: gamma.shape,
  });
  return { x, gamma, beta, runningMean: row(0), runningVariance: row(1) };
}

function convolution(
  name: string,
  more: Pick<ops.ConvolutionArguments, 'activation' | 'dropout'>,
): GradientCase {
  return {
    name,
    inputs: { x: [2, 4, 7, 6], w: [6, 2, 3, 4], bias: [6], add: [2, 6, 4, 3] },
    forward: ({ x, w, bias, add }) =>
      ops.convolution({ x: x!, w: w!, bias: bias!, add: add!, ...geometry, ...more, step: 5 }, options),
    backward: async ({ x, w }, dy, y) => {
      const layer = { x: x!, w: w!, dy, y, ...geometry, ...more, step: 5 };
      const { dx, dw, db } = await ops.convolutionBackward(layer, options);
      return { x: dx, w: dw, bias: db };
    },
  };
}

const cases: readonly GradientCase[] = [
  convolution('convolution', {}),
  convolution('convolution with relu', { activation: 'relu' }),
  convolution('convolution with tanh', { activation: 'tanh' }),
  convolution('convolution with relu and dropout', { activation: 'relu', dropout: mask }),
  convolution('convolution with tanh and dropout', { activation: 'tanh', dropout: mask }),
  {
    name: 'fully connected layer with relu',
    inputs: { x: [5, 11], w: [7, 11], bias: [7] },
    forward: ({ x, w, bias }) =>
      ops.fullyConnected({ x: x!, w: w!, bias: bias!, activation: 'relu' }, options),
    backward: async ({ x, w }, dy, y) => {
      const layer = { x: x!, w: w!, dy, y, activation: 'relu' } as const;
      const { dx, dw, db } = await ops.fullyConnectedBackward(layer, options);
      return { x: dx, w: dw, bias: db };
    },
  },
  {
    name: 'LRN in two groups',
    inputs: { x: [2, 14, 3, 2] },
    forward: ({ x }) => ops.lrn({ x: x!, ...strong, groups: 2 }, options),
    backward: async ({ x }, dy) => ({
      x: await ops.lrnBackward({ x: x!, dy, ...strong, groups: 2 }, options),
    }),
  },
  {
    name: 'LRN behind relu',
    inputs: { x: [2, 7, 3, 2] },
    forward: async ({ x }) =>
      ops.lrn({ x: await ops.activation({ x: x!, activation: 'relu' }, options), ...strong }, options),
    backward: async ({ x }, dy) => {
      const relu = await ops.activation({ x: x!, activation: 'relu' }, options);
      return { x: await ops.lrnBackward({ x: relu, dy, ...strong, activation: 'relu' }, options) };
    },
  },
  {
    name: 'normalisation within maps',
    inputs: { x: [2, 3, 6, 7] },
    forward: ({ x }) => ops.mapNorm({ x: x!, alpha: 0.1 }, options),
    backward: async ({ x }, dy) => ({ x: await ops.mapNormBackward({ x: x!, dy, alpha: 0.1 }, options) }),
  },
  {
    name: 'batch normalisation',
    inputs: { x: [3, 4, 3, 2], gamma: [4], beta: [4] },
    forward: async ({ x, gamma, beta }) => (await ops.batchNorm(statistics(x!, gamma!, beta!), options)).y,
    backward: async ({ x, gamma, beta }, dy) => {
      const { mean, inverse } = await ops.batchNorm(statistics(x!, gamma!, beta!), options);
      const { dx, dgamma, dbeta } = await ops.batchNormBackward(
        { x: x!, gamma: gamma!, mean, inverse, dy },
        options,
      );
      return { x: dx, gamma: dgamma, beta: dbeta };
    },
  },
  {
    name: 'batch normalisation of one image, with tanh behind it',
    inputs: { x: [1, 3, 5, 4], gamma: [3], beta: [3] },
    forward: async ({ x, gamma, beta }) =>
      (await ops.batchNorm({ ...statistics(x!, gamma!, beta!), activation: 'tanh' }, options)).y,
    backward: async ({ x, gamma, beta }, dy, y) => {
      const { mean, inverse } = await ops.batchNorm(statistics(x!, gamma!, beta!), options);
      const through = await ops.activationBackward({ y, dy, activation: 'tanh' }, options);
      const layer = { x: x!, gamma: gamma!, mean, inverse, dy: through };
      const { dx, dgamma, dbeta } = await ops.batchNormBackward(layer, options);
      return { x: dx, gamma: dgamma, beta: dbeta };
    },
  },
  {
    name: 'max-pool',
    inputs: { x: [2, 3, 8, 6] },
    forward: ({ x }) => ops.maxPool({ x: x!, round: 'up' }, options),
    backward: async ({ x }, dy) => ({ x: await ops.maxPoolBackward({ x: x!, dy, round: 'up' }, options) }),
  },
  {
    name: 'max-pool behind tanh',
    inputs: { x: [2, 3, 7, 7] },
    forward: async ({ x }) =>
      ops.maxPool({ x: await ops.activation({ x: x!, activation: 'tanh' }, options) }, options),
    backward: async ({ x }, dy) => {
      const tanh = await ops.activation({ x: x!, activation: 'tanh' }, options);
      return { x: await ops.maxPoolBackward({ x: tanh, dy, activation: 'tanh' }, options) };
    },
  },
  {
    name: 'LRN and max-pool in one',
    inputs: { x: [2, 8, 7, 6] },
    forward: ({ x }) => ops.lrnPool({ x: x!, ...strong, groups: 2 }, options),
    backward: async ({ x }, dy) => ({
      x: await ops.lrnPoolBackward({ x: x!, dy, ...strong, groups: 2 }, options),
    }),
  },
  {
    name: 'tanh',
    inputs: { x: [3, 10] },
    forward: ({ x }) => ops.activation({ x: x!, activation: 'tanh' }, options),
    backward: async (_, dy, y) => ({
      x: await ops.activationBackward({ y, dy, activation: 'tanh' }, options),
    }),
  },
  {
    name: 'dropout with its mask held',
    inputs: { x: [3, 5, 2, 4] },
    forward: ({ x }) => ops.dropout({ x: x!, ...mask, step: 9 }, options),
    backward: async (_, dy) => ({ x: await ops.dropout({ x: dy, ...mask, step: 9 }, options) }),
  },
];

const random64 = (random: Random, shape: readonly number[]): Tensor => ({
  data: Float64Array.from(random.normal(count(shape))),
  shape,
});

const dot = (a: Tensor, b: Tensor): number =>
  Array.from(a.data).reduce((sum, one, i) => sum + one * b.data[i]!, 0);

const moved = (tensor: Tensor, direction: Tensor, by: number): Tensor => ({
  data: Float64Array.from(tensor.data, (one, i) => one + by * direction.data[i]!),
  shape: tensor.shape,
});

describe('gradients are the derivatives of what the forward pass computes, in float64', () => {
  it.each(cases)('$name', async ({ name, inputs, forward, backward }) => {
    const random = new Random(name, 0);
    const at = Object.fromEntries(
      Object.entries(inputs).map(([key, shape]) => [key, random64(random, shape)]),
    );
    const y = await forward(at);
    const dy = random64(random, y.shape);
    const gradients = await backward(at, dy, y);
    for (const [input, gradient] of Object.entries(gradients)) {
      for (let i = 0; i < directions; i++) {
        const direction = random64(random, gradient.shape);
        const ahead = await forward({ ...at, [input]: moved(at[input]!, direction, step) });
        const behind = await forward({ ...at, [input]: moved(at[input]!, direction, -step) });
        const slope = (dot(ahead, dy) - dot(behind, dy)) / (2 * step);
        const claimed = dot(gradient, direction);
        const size = Math.sqrt(dot(gradient, gradient));
        expect(Math.abs(slope - claimed) / size, `d${input}, direction ${i}`).toBeLessThan(1e-6);
      }
    }
  });

  it('softmax with cross-entropy, one sample unlabelled', async () => {
    const random = new Random('softmax', 0);
    const logits = random64(random, [4, 9]);
    const labels = { data: Int32Array.of(3, -1, 0, 8), shape: [4] };
    const loss = async (at: Tensor): Promise<number> => {
      const { losses } = await ops.softmaxCrossEntropy({ logits: at, labels }, options);
      return Array.from(losses.data).reduce((sum, one) => sum + one, 0) / 4;
    };
    const { dlogits } = await ops.softmaxCrossEntropy({ logits, labels }, options);
    for (let i = 0; i < directions; i++) {
      const direction = random64(random, logits.shape);
      const slope =
        ((await loss(moved(logits, direction, step))) - (await loss(moved(logits, direction, -step)))) /
        (2 * step);
      const size = Math.sqrt(dot(dlogits, dlogits));
      expect(Math.abs(slope - dot(dlogits, direction)) / size).toBeLessThan(1e-6);
    }
  });
});
