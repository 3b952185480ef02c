/** Every op against PyTorch's answers in float64. */

import { afterAll, describe, expect, it } from 'vitest';

import * as ops from '../../lib/ops.js';
import type { Activation, OpsDevice, Tensor } from '../../lib/ops.js';
import { goldens, type Golden } from './goldens.js';
import { relativeError } from './run.js';

/** Each op's results by the names that the goldens give them. */
type Results = Promise<Record<string, Tensor>>;

const runs: Readonly<Record<string, (golden: Golden, device: OpsDevice) => Results>> = {
  async conv(golden, device) {
    const { tensor, parameters } = golden;
    const { stride, padding_tlbr: padding, groups } = parameters as unknown as ConvolutionParameters;
    const layer = { x: tensor('x'), w: tensor('w'), stride, padding, groups, ...activationOf(golden) };
    const y = await ops.convolution({ ...layer, bias: tensor('b') }, { device });
    const gradients = await ops.convolutionBackward({ ...layer, dy: tensor('dy'), y }, { device });
    return { y, ...gradients };
  },
  async fc(golden, device) {
    const { tensor } = golden;
    const layer = { x: tensor('x'), w: tensor('w'), ...activationOf(golden) };
    const y = await ops.fullyConnected({ ...layer, bias: tensor('b') }, { device });
    const gradients = await ops.fullyConnectedBackward({ ...layer, dy: tensor('dy'), y }, { device });
    return { y, ...gradients };
  },
  async activation(golden, device) {
    const layer = activationOf(golden);
    const y = await ops.activation({ x: golden.tensor('x'), ...layer }, { device });
    return { y, dx: await ops.activationBackward({ y, dy: golden.tensor('dy'), ...layer }, { device }) };
  },
  async lrn({ tensor, parameters }, device) {
    const layer = { x: tensor('x'), ...(parameters as object) };
    const y = await ops.lrn(layer, { device });
    return { y, dx: await ops.lrnBackward({ ...layer, dy: tensor('dy') }, { device }) };
  },
  async maxpool({ tensor, parameters }, device) {
    const layer = { x: tensor('x'), ...(parameters as object) };
    const y = await ops.maxPool(layer, { device });
    return { y, dx: await ops.maxPoolBackward({ ...layer, dy: tensor('dy') }, { device }) };
  },
  async batch_norm({ tensor: narrow, parameters }, device) {
    // The reference keeps mean and inverse from one pass to the other in the type of its operands.
    const tensor = (name: string): Tensor =>
      device === 'reference' ? inFloat64(narrow(name)) : narrow(name);
    const { epsilon, momentum } = parameters as unknown as BatchNormParameters;
    const [x, gamma, beta] = [tensor('x'), tensor('gamma'), tensor('beta')];
    const running = { runningMean: tensor('running_mean'), runningVariance: tensor('running_var') };
    const trained = await ops.batchNorm({ x, gamma, beta, ...running, epsilon, momentum }, { device });
    const { y, mean, inverse } = trained;
    const gradients = await ops.batchNormBackward({ x, gamma, mean, inverse, dy: tensor('dy') }, { device });
    return {
      y,
      ...gradients,
      new_running_mean: trained.runningMean,
      new_running_var: trained.runningVariance,
      inferred: await ops.batchNormInference({ x, gamma, beta, ...running, epsilon }, { device }),
    };
  },
  async softmax_cross_entropy({ tensor, labels }, device) {
    const result = await ops.softmaxCrossEntropy(
      { logits: tensor('logits'), labels: labels('labels') },
      { device },
    );
    const losses = Array.from(result.losses.data);
    const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
    const { probabilities, dlogits } = result;
    return { loss: { data: Float64Array.of(loss), shape: [1] }, probabilities, dlogits };
  },
  async sgd({ tensor, parameters }, device) {
    const { learning_rates: rates, momentum, weight_decay: decay } = parameters as unknown as SgdParameters;
    const results: Record<string, Tensor> = {};
    let w = tensor('w0');
    let v: Tensor = { data: new Float32Array(w.data.length), shape: w.shape };
    for (const [i, learningRate] of rates.entries()) {
      ({ w, v } = await ops.sgd({ w, v, g: tensor(`g${i}`), learningRate, momentum, decay }, { device }));
      results[`w${i + 1}`] = w;
      results[`v${i + 1}`] = v;
    }
    return results;
  },
};

interface ConvolutionParameters {
  readonly stride: number;
  readonly padding_tlbr: readonly number[];
  readonly groups: number;
}

const inFloat64 = ({ data, shape }: Tensor): Tensor => ({ data: Float64Array.from(data), shape });

interface BatchNormParameters {
  readonly epsilon: number;
  readonly momentum: number;
}

interface SgdParameters {
  readonly learning_rates: readonly number[];
  readonly momentum: number;
  readonly weight_decay: number;
}

const activationOf = ({ parameters }: Golden): { activation: Activation } => ({
  activation: parameters['activation'] as Activation,
});

/** Batch normalisation's sums of dy over a channel may cancel out: their error is held against dy itself. */
const sumsOfDy = new Set(['dgamma', 'dbeta']);
const norm = ({ data }: Tensor): number =>
  Math.sqrt(Array.from(data).reduce((sum, one) => sum + one * one, 0));

export function goldenSuite(device: OpsDevice, tolerance: number, title: string = device): void {
  describe(`${title} computes what PyTorch does`, () => {
    afterAll(ops.closeOps);
    it.each(goldens)('$name', async (golden) => {
      const run = runs[golden.parameters.op];
      if (!run) throw new Error(`no test for op ${golden.parameters.op}`);
      const results = await run(golden, device);
      for (const [name, result] of Object.entries(results)) {
        const wanted = golden.tensor(name);
        expect(result.shape, `shape of ${name}`).toEqual(wanted.shape);
        const error = relativeError(
          result.data,
          wanted.data,
          sumsOfDy.has(name) ? norm(golden.tensor('dy')) : 0,
        );
        expect(error, `relative error of ${name}`).toBeLessThan(tolerance);
      }
    });
  });
}
