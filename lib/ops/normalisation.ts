/** Local response normalisation (paper, section 3.3), the authors' normalisation within maps, and batch normalisation. */

import type { Activation } from '../plan/commands.js';
import type { LrnParameters, MapNormParameters } from '../graph/graph.js';
import { activationOf, expected, finite, groupsOf, positive, positiveInteger, share } from './arguments.js';
import { Call } from './call.js';
import type { OpsOptions } from './device.js';
import { checkSame, checkTensor, commonType, type Tensor } from './tensor.js';

export interface LrnArguments {
  /** N×C×H×W. */
  readonly x: Tensor;
  /** Neighbouring maps in the window, the map itself included: an odd number; 5 when absent, as the next three: the paper's. */
  readonly size?: number;
  /** 2. */
  readonly k?: number;
  /** 1e-4, on the plain sum of squares (Caffe, ONNX and PyTorch hold alpha · size). */
  readonly alpha?: number;
  /** 0.75. */
  readonly beta?: number;
  /** The window never leaves its group of maps; 1 when absent. */
  readonly groups?: number;
}

export interface MapNormArguments {
  /** N×C×H×W. */
  readonly x: Tensor;
  /** Rows and columns of the window, an odd number; 5 when absent, as the next three: the authors' program's. */
  readonly size?: number;
  /** 1. */
  readonly k?: number;
  /** 0.001 / 25, on the plain sum of squares. */
  readonly alpha?: number;
  /** 0.75. */
  readonly beta?: number;
}

export interface BatchNormArguments {
  /** N×C×H×W. */
  readonly x: Tensor;
  /** γ, a number a channel. */
  readonly gamma: Tensor;
  /** β, likewise. */
  readonly beta: Tensor;
  /** The running statistics so far, a number a channel each. */
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  /** Added to the variance; 1e-5 when absent. */
  readonly epsilon?: number;
  /** Of the result; 'none' when absent. */
  readonly activation?: Activation;
}

export interface BatchNormTrainingArguments extends BatchNormArguments {
  /** Share of this batch's statistics in the running ones; 0.1 when absent. */
  readonly momentum?: number;
}

export interface BatchNormResult {
  readonly y: Tensor;
  /** What {@link batchNormBackward} reads: the batch's mean, and (variance + epsilon)^−½. */
  readonly mean: Tensor;
  readonly inverse: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

export interface BatchNormBackwardArguments {
  /** The forward pass's input, N×C×H×W. */
  readonly x: Tensor;
  readonly gamma: Tensor;
  /** As the forward pass gave them. */
  readonly mean: Tensor;
  readonly inverse: Tensor;
  /** The gradient with respect to the output, before its activation. */
  readonly dy: Tensor;
}

export interface BatchNormGradients {
  readonly dx: Tensor;
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
}

export interface BackwardArguments {
  /** The gradient with respect to the forward pass's output, of its shape. */
  readonly dy: Tensor;
  /** When x is the output of this activation, the gradient is taken through it too; 'none' when absent. */
  readonly activation?: Activation;
}

export type LrnBackwardArguments = LrnArguments & BackwardArguments;
export type MapNormBackwardArguments = MapNormArguments & Omit<BackwardArguments, 'activation'>;

function oddSize(value: number): number {
  if (positiveInteger('size', value) % 2 === 0) expected('an odd number', 'size', value);
  return value;
}

export function lrnOf(args: LrnArguments): LrnParameters {
  checkTensor('x', args.x, 4);
  return {
    size: oddSize(args.size ?? 5),
    k: positive('k', args.k ?? 2),
    alpha: finite('alpha', args.alpha ?? 1e-4),
    beta: finite('beta', args.beta ?? 0.75),
    groups: groupsOf(args.groups ?? 1, 'the channels', args.x.shape[1]!),
  };
}

function mapNormOf(args: MapNormArguments): MapNormParameters {
  checkTensor('x', args.x, 4);
  return {
    size: oddSize(args.size ?? 5),
    k: positive('k', args.k ?? 1),
    alpha: finite('alpha', args.alpha ?? 0.001 / 25),
    beta: finite('beta', args.beta ?? 0.75),
  };
}

/**
 * y_i = x_i / (k + alpha · Σ x_j²)^beta, the sum over the maps j at most ⌊size / 2⌋ from map i at the same position and
 * in the same group (paper, section 3.3). N×C×H×W.
 */
export async function lrn(args: LrnArguments, options: OpsOptions = {}): Promise<Tensor> {
  const parameters = lrnOf(args);
  const call = new Call();
  const y = call.output(args.x.shape, commonType(args.x));
  await call.run(options, [{ op: 'lrn_forward', x: call.input(args.x), y: y.place, ...parameters }]);
  return y.tensor();
}

/** dx of {@link lrn}, N×C×H×W. */
export async function lrnBackward(args: LrnBackwardArguments, options: OpsOptions = {}): Promise<Tensor> {
  const parameters = lrnOf(args);
  checkSame('dy', args.dy, args.x.shape);
  const activation = activationOf(args.activation ?? 'none');
  const call = new Call();
  const dx = call.output(args.x.shape, commonType(args.x, args.dy));
  const places = { x: call.input(args.x), dy: call.input(args.dy), dx: dx.place };
  await call.run(options, [{ op: 'lrn_backward', ...places, ...parameters, activation }]);
  return dx.tensor();
}

/**
 * y = x · (k + alpha · Σ x²)^−beta, the sum over the size × size window around each position of the same map, clipped to
 * the map: a layer of the authors' program that the paper does not mention. N×C×H×W.
 */
export async function mapNorm(args: MapNormArguments, options: OpsOptions = {}): Promise<Tensor> {
  const parameters = mapNormOf(args);
  const call = new Call();
  const y = call.output(args.x.shape, commonType(args.x));
  await call.run(options, [{ op: 'map_norm_forward', x: call.input(args.x), y: y.place, ...parameters }]);
  return y.tensor();
}

/** dx of {@link mapNorm}, N×C×H×W. */
export async function mapNormBackward(
  args: MapNormBackwardArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  const parameters = mapNormOf(args);
  checkSame('dy', args.dy, args.x.shape);
  const call = new Call();
  const dx = call.output(args.x.shape, commonType(args.x, args.dy));
  const places = { x: call.input(args.x), dy: call.input(args.dy), dx: dx.place };
  await call.run(options, [{ op: 'map_norm_backward', ...places, ...parameters }]);
  return dx.tensor();
}

/** Every vector a number a channel of x. */
function channelsOf(x: Tensor, vectors: Readonly<Record<string, Tensor>>): number {
  checkTensor('x', x, 4);
  const channels = x.shape[1]!;
  for (const [name, vector] of Object.entries(vectors)) checkSame(name, vector, [channels]);
  return channels;
}

/**
 * Batch normalisation in training (Ioffe and Szegedy, 2015): y = activation(γ · (x − mean) / √(variance + epsilon) + β) with
 * mean and variance of each channel over the batch and its positions. The running statistics move by `momentum` towards the
 * batch's, its variance counted over one number less. N×C×H×W.
 */
export async function batchNorm(
  args: BatchNormTrainingArguments,
  options: OpsOptions = {},
): Promise<BatchNormResult> {
  const { x, gamma, beta, runningMean, runningVariance } = args;
  const channels = channelsOf(x, { gamma, beta, runningMean, runningVariance });
  const parameters = {
    epsilon: positive('epsilon', args.epsilon ?? 1e-5),
    momentum: share('momentum', args.momentum ?? 0.1),
    activation: activationOf(args.activation ?? 'none'),
  };
  const call = new Call();
  const type = commonType(x, gamma, beta, runningMean, runningVariance);
  const row = (initial?: Tensor) => call.flatOutput([channels], [1, 1, 1, channels], type, initial);
  const y = call.output(x.shape, type);
  const results = {
    mean: row(),
    inverse: row(),
    movedMean: row(runningMean),
    movedVariance: row(runningVariance),
  };
  const { mean, inverse, movedMean, movedVariance } = results;
  await call.run(options, [
    {
      op: 'batch_norm_forward',
      x: call.input(x),
      gamma: call.vector(gamma),
      beta: call.vector(beta),
      y: y.place,
      mean: mean.place,
      inverse: inverse.place,
      runningMean: movedMean.place,
      runningVariance: movedVariance.place,
      ...parameters,
    },
  ]);
  return {
    y: y.tensor(),
    mean: mean.tensor(),
    inverse: inverse.tensor(),
    runningMean: movedMean.tensor(),
    runningVariance: movedVariance.tensor(),
  };
}

/** {@link batchNorm} by the running statistics, which stay as they are: what a trained network infers with. */
export async function batchNormInference(
  args: BatchNormArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  const { x, gamma, beta, runningMean, runningVariance } = args;
  channelsOf(x, { gamma, beta, runningMean, runningVariance });
  const epsilon = positive('epsilon', args.epsilon ?? 1e-5);
  const activation = activationOf(args.activation ?? 'none');
  const call = new Call();
  const y = call.output(x.shape, commonType(x, gamma, beta, runningMean, runningVariance));
  await call.run(options, [
    {
      op: 'batch_norm_inference',
      x: call.input(x),
      gamma: call.vector(gamma),
      beta: call.vector(beta),
      runningMean: call.vector(runningMean),
      runningVariance: call.vector(runningVariance),
      y: y.place,
      epsilon,
      activation,
    },
  ]);
  return y.tensor();
}

/** The gradients of {@link batchNorm} without an activation; mean and variance are functions of x. N×C×H×W. */
export async function batchNormBackward(
  args: BatchNormBackwardArguments,
  options: OpsOptions = {},
): Promise<BatchNormGradients> {
  const { x, gamma, mean, inverse, dy } = args;
  const channels = channelsOf(x, { gamma, mean, inverse });
  checkSame('dy', dy, x.shape);
  const call = new Call();
  const type = commonType(x, gamma, mean, inverse, dy);
  const row = () => call.flatOutput([channels], [1, 1, 1, channels], type);
  const dx = call.output(x.shape, type);
  const [dgamma, dbeta] = [row(), row()];
  await call.run(options, [
    {
      op: 'batch_norm_backward',
      x: call.input(x),
      gamma: call.vector(gamma),
      mean: call.vector(mean),
      inverse: call.vector(inverse),
      dy: call.input(dy),
      dx: dx.place,
      dgamma: dgamma.place,
      dbeta: dbeta.place,
    },
  ]);
  return { dx: dx.tensor(), dgamma: dgamma.tensor(), dbeta: dbeta.tensor() };
}
