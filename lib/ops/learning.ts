/** The objective, the update rule and first values (paper, section 5). */

import type { Seed } from '../random/philox.js';
import { expected, finite, naturalNumber, oneOf, positiveInteger, seedOf, word } from './arguments.js';
import { Call, flatShape } from './call.js';
import type { OpsOptions } from './device.js';
import { checkSame, checkShape, checkTensor, commonType, nativeShape, type Tensor } from './tensor.js';

export interface SoftmaxCrossEntropyArguments {
  /** N×C. */
  readonly logits: Tensor;
  /** N class numbers; −1 for a sample without a label, which has no loss and no gradient. */
  readonly labels: Tensor<Int32Array>;
}

export interface SoftmaxCrossEntropy {
  /** N×C, each row summing to 1. */
  readonly probabilities: Tensor;
  /** N: −log p(label); 0 where unlabelled. */
  readonly losses: Tensor;
  /** N: how many classes come before the label's, so top-k error counts rank ≥ k; 0 where unlabelled. */
  readonly ranks: Tensor<Int32Array>;
  /** N×C: the gradient of the losses' sum divided by N. */
  readonly dlogits: Tensor;
}

/** Softmax over the classes with multinomial logistic loss (paper, section 3.5), and its gradient. */
export async function softmaxCrossEntropy(
  args: SoftmaxCrossEntropyArguments,
  options: OpsOptions = {},
): Promise<SoftmaxCrossEntropy> {
  const { logits, labels } = args;
  checkTensor('logits', logits, 2);
  const [samples = 1, classes = 1] = logits.shape;
  checkLabels(labels, samples, classes);
  const call = new Call();
  const type = commonType(logits);
  const probabilities = call.output(logits.shape, type);
  const losses = call.flatOutput([samples], [samples, 1, 1, 1], type);
  const ranks = call.flatOutput([samples], [samples, 1, 1, 1], 'int32');
  const dlogits = call.output(logits.shape, type);
  const inputs = { logits: call.input(logits), labels: call.flat(labels, [samples, 1, 1, 1]) };
  const results = { probabilities: probabilities.place, losses: losses.place, ranks: ranks.place };
  await call.run(options, [{ op: 'softmax_cross_entropy', ...inputs, ...results, dlogits: dlogits.place }]);
  return {
    probabilities: probabilities.tensor(),
    losses: losses.tensor(),
    ranks: ranks.tensor(),
    dlogits: dlogits.tensor(),
  };
}

function checkLabels(labels: Tensor<Int32Array>, samples: number, classes: number): void {
  if (!(labels?.data instanceof Int32Array)) expected('an Int32Array', 'labels.data', labels?.data);
  checkShape('labels', labels, 1);
  if (labels.data.length !== samples) expected(`${samples} labels`, 'labels.shape', labels.shape);
  labels.data.forEach((label, i) => {
    if (label < -1 || label >= classes) expected(`-1 to ${classes - 1}`, `labels.data[${i}]`, label);
  });
}

/** Softmax over the classes alone: N×C probabilities. */
export async function softmax(args: { readonly logits: Tensor }, options: OpsOptions = {}): Promise<Tensor> {
  checkTensor('logits', args.logits, 2);
  const call = new Call();
  const y = call.output(args.logits.shape, commonType(args.logits));
  const logits = call.input(args.logits);
  await call.run(options, [{ op: 'softmax_cross_entropy', logits, probabilities: y.place }]);
  return y.tensor();
}

export interface SgdArguments {
  /** Weights, of any shape. */
  readonly w: Tensor;
  /** The update before, of the same shape: zeros at first. */
  readonly v: Tensor;
  /** The gradient of the loss. */
  readonly g: Tensor;
  readonly learningRate: number;
  /** 0.9 when absent. */
  readonly momentum?: number;
  /** 0.0005 when absent. */
  readonly decay?: number;
}

/** v ← momentum · v − decay · e · w − e · g, w ← w + v, e the learning rate (paper, section 5). New tensors. */
export async function sgd(
  args: SgdArguments,
  options: OpsOptions = {},
): Promise<{ readonly w: Tensor; readonly v: Tensor }> {
  checkTensor('w', args.w);
  checkSame('v', args.v, args.w.shape);
  checkSame('g', args.g, args.w.shape);
  const call = new Call();
  const shape = flatShape(args.w);
  const type = commonType(args.w, args.v, args.g);
  const w = call.flatOutput(args.w.shape, shape, type, args.w);
  const v = call.flatOutput(args.w.shape, shape, type, args.v);
  const segment = {
    w: w.place,
    v: v.place,
    g: call.flat(args.g, shape),
    rate: 0,
    decay: finite('decay', args.decay ?? 0.0005),
  };
  const momentum = finite('momentum', args.momentum ?? 0.9);
  const rates = [finite('learningRate', args.learningRate)];
  await call.run(options, [{ op: 'sgd', segments: [segment], momentum }], 0, rates);
  return { w: w.tensor(), v: v.tensor() };
}

export interface GaussianArguments {
  /** O×I, or O×I×R×S. */
  readonly shape: readonly number[];
  /** 0 when absent. */
  readonly mean?: number;
  /** 0.01 when absent. */
  readonly deviation?: number;
  /** A non-negative integer, or two 32-bit words. */
  readonly seed: number | Seed;
  /** Tells the weights of different layers apart; 0 when absent. */
  readonly stream?: number;
  /** Where `shape` is a part of a larger tensor: that tensor's shape, and the part's first output and input channel. */
  readonly whole?: readonly number[];
  readonly kernelOffset?: number;
  readonly channelOffset?: number;
  /** 'float32' when absent; 'float64' on 'reference' only. */
  readonly dtype?: 'float32' | 'float64';
}

function extents(name: string, shape: readonly number[]): readonly number[] {
  if (!Array.isArray(shape) || (shape.length !== 2 && shape.length !== 4)) {
    expected('O×I or O×I×R×S', name, shape);
  }
  shape.forEach((extent, i) => positiveInteger(`${name}[${i}]`, extent));
  return shape;
}

/**
 * Normally distributed weights (paper, section 5: N(0, 0.01²)), a pure function of seed, stream and each weight's place
 * in O×I×R×S order.
 */
export async function gaussian(args: GaussianArguments, options: OpsOptions = {}): Promise<Tensor> {
  const shape = extents('shape', args.shape);
  const whole = nativeShape(extents('whole', args.whole ?? shape));
  const kernelOffset = naturalNumber('kernelOffset', args.kernelOffset ?? 0);
  const channelOffset = naturalNumber('channelOffset', args.channelOffset ?? 0);
  const [kernels, rows, columns, channels] = nativeShape(shape);
  const fits = kernelOffset + kernels <= whole[0] && channelOffset + channels <= whole[3];
  if (!fits || whole[1] !== rows || whole[2] !== columns) {
    expected(`a shape that holds ${shape.join('×')} at the offsets`, 'whole', args.whole ?? shape);
  }
  const call = new Call();
  const y = call.output(shape, oneOf('dtype', args.dtype ?? 'float32', ['float32', 'float64']));
  const parameters = {
    mean: finite('mean', args.mean ?? 0),
    deviation: finite('deviation', args.deviation ?? 0.01),
    seed: seedOf(args.seed),
    stream: word('stream', args.stream ?? 0),
    whole,
    kernelOffset,
    channelOffset,
  };
  await call.run(options, [{ op: 'gaussian', y: y.place, ...parameters }]);
  return y.tensor();
}

/** A tensor of one value (paper, section 5: biases of 1 or 0). */
export async function fill(
  args: { readonly shape: readonly number[]; readonly value: number },
  options: OpsOptions = {},
): Promise<Tensor> {
  args.shape.forEach((extent, i) => positiveInteger(`shape[${i}]`, extent));
  const call = new Call();
  const length = args.shape.reduce((all, one) => all * one, 1);
  const y = call.flatOutput<'float32'>(args.shape, [1, 1, 1, length], 'float32');
  await call.run(options, [{ op: 'fill', y: y.place, value: finite('value', args.value) }]);
  return y.tensor();
}
