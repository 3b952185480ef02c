/** Overlapping max-pooling (paper, section 3.4), alone and fused with the LRN before it. */

import type { PoolParameters } from '../plan/commands.js';
import { activationOf, expected, oneOf, positiveInteger } from './arguments.js';
import { Call } from './call.js';
import type { OpsOptions } from './device.js';
import { lrnOf, type BackwardArguments, type LrnArguments } from './normalisation.js';
import { checkSame, checkTensor, commonType, type Tensor } from './tensor.js';

export interface MaxPoolArguments {
  /** N×C×H×W. */
  readonly x: Tensor;
  /** Rows and columns of the window; 3 when absent. */
  readonly size?: number;
  /** 2 when absent. */
  readonly stride?: number;
  /** Whether windows that reach over the bottom and right edges count ('up') or not ('down', when absent). */
  readonly round?: 'up' | 'down';
}

export type MaxPoolBackwardArguments = MaxPoolArguments & BackwardArguments;

/** LRN's parameters as in {@link LrnArguments}, the pool's under names of their own. */
export interface LrnPoolArguments extends LrnArguments {
  readonly poolSize?: number;
  readonly poolStride?: number;
  readonly round?: 'up' | 'down';
}

export type LrnPoolBackwardArguments = LrnPoolArguments & BackwardArguments;

interface Pool {
  readonly parameters: PoolParameters;
  /** N×C×P×Q. */
  readonly shape: readonly number[];
}

function poolOf(x: Tensor, size = 3, stride = 2, round: 'up' | 'down' = 'down', prefix = ''): Pool {
  checkTensor('x', x, 4);
  const sizeName = prefix ? 'poolSize' : 'size';
  positiveInteger(sizeName, size);
  positiveInteger(prefix ? 'poolStride' : 'stride', stride);
  const count = oneOf('round', round, ['up', 'down']) === 'up' ? Math.ceil : Math.floor;
  const [images = 1, channels = 1, height = 1, width = 1] = x.shape;
  if (size > height || size > width) expected(`at most ${Math.min(height, width)}`, sizeName, size);
  // A window that would start behind the edge does not count in either rounding.
  const extent = (all: number): number =>
    Math.min(count((all - size) / stride), Math.floor((all - 1) / stride)) + 1;
  return {
    parameters: { poolSize: size, poolStride: stride },
    shape: [images, channels, extent(height), extent(width)],
  };
}

/** The maximum of every size × size window, `stride` apart (paper, section 3.4). N×C×P×Q. */
export async function maxPool(args: MaxPoolArguments, options: OpsOptions = {}): Promise<Tensor> {
  const { parameters, shape } = poolOf(args.x, args.size, args.stride, args.round);
  const call = new Call();
  const y = call.output(shape, commonType(args.x));
  await call.run(options, [{ op: 'max_pool_forward', x: call.input(args.x), y: y.place, ...parameters }]);
  return y.tensor();
}

/** dx of {@link maxPool}: the first of equal maxima, in row-major order, takes the window's gradient. */
export async function maxPoolBackward(
  args: MaxPoolBackwardArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  const { parameters, shape } = poolOf(args.x, args.size, args.stride, args.round);
  checkSame('dy', args.dy, shape);
  const activation = activationOf(args.activation ?? 'none');
  const call = new Call();
  const dx = call.output(args.x.shape, commonType(args.x, args.dy));
  const places = { x: call.input(args.x), dy: call.input(args.dy), dx: dx.place };
  await call.run(options, [{ op: 'max_pool_backward', ...places, ...parameters, activation }]);
  return dx.tensor();
}

/** maxPool(lrn(x)) in one pass; the normalised maps are never in memory. N×C×P×Q. */
export async function lrnPool(args: LrnPoolArguments, options: OpsOptions = {}): Promise<Tensor> {
  const parameters = lrnOf(args);
  const pool = poolOf(args.x, args.poolSize, args.poolStride, args.round, 'pool');
  const call = new Call();
  const y = call.output(pool.shape, commonType(args.x));
  const places = { x: call.input(args.x), y: y.place };
  await call.run(options, [{ op: 'lrn_pool_forward', ...places, ...parameters, ...pool.parameters }]);
  return y.tensor();
}

/** dx of {@link lrnPool}; the normaliser is computed again. */
export async function lrnPoolBackward(
  args: LrnPoolBackwardArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  const parameters = lrnOf(args);
  const pool = poolOf(args.x, args.poolSize, args.poolStride, args.round, 'pool');
  checkSame('dy', args.dy, pool.shape);
  const activation = activationOf(args.activation ?? 'none');
  const call = new Call();
  const dx = call.output(args.x.shape, commonType(args.x, args.dy));
  const places = { x: call.input(args.x), dy: call.input(args.dy), dx: dx.place };
  const op = { op: 'lrn_pool_backward', ...places, ...parameters, ...pool.parameters, activation } as const;
  await call.run(options, [op]);
  return dx.tensor();
}
