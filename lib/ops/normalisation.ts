/** Local response normalisation (paper, section 3.3) and the authors' normalisation within maps. */

import type { Activation } from '../plan/commands.js';
import type { LrnParameters, MapNormParameters } from '../graph/graph.js';
import { activationOf, expected, finite, groupsOf, positive, positiveInteger } from './arguments.js';
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
