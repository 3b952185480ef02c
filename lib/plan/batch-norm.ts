/** A batch normalisation's commands on one device, which holds its channels whole: nothing is exchanged. */

import type { BatchNormLayer } from '../graph/graph.js';
import type { PlanBuilder, Value } from './builder.js';
import type { Activation } from './commands.js';
import type { NormParameters, Shard } from './parameters.js';
import type { NormState } from './tape.js';

/** By the batch's statistics in training, which the backward pass reads again; by the running ones in inference. */
export function normalise(
  builder: PlanBuilder,
  { name, epsilon, momentum }: BatchNormLayer,
  parameters: NormParameters,
  { x, y, activation }: { readonly x: Value; readonly y: Value; readonly activation: Activation },
  training: boolean,
): NormState | undefined {
  const { device } = x;
  const own = {
    x,
    gamma: parameters.scale.value,
    beta: parameters.shift.value,
    runningMean: parameters.runningMean.value,
    runningVariance: parameters.runningVariance.value,
    y,
    epsilon,
    activation,
  };
  if (!training) {
    builder.emit(device, name, { op: 'batch_norm_inference', ...own });
    return undefined;
  }
  const row = (what: string): Value =>
    builder.value(device, 'activations', `${name}.${what}`, [1, 1, 1, x.shape[3]]);
  const [mean, inverse] = [row('mean'), row('inverse')];
  builder.emit(device, name, { op: 'batch_norm_forward', ...own, mean, inverse, momentum });
  return { parameters, mean, inverse };
}

/** `gradientOf` makes a place for a parameter's gradient. */
export function normaliseBackward(
  builder: PlanBuilder,
  name: string,
  { parameters, mean, inverse }: NormState,
  { x, dy, dx }: { readonly x: Value; readonly dy: Value; readonly dx: Value },
  gradientOf: (shard: Shard) => Value,
): void {
  builder.emit(x.device, name, {
    op: 'batch_norm_backward',
    x,
    gamma: parameters.scale.value,
    mean,
    inverse,
    dy,
    dx,
    dgamma: gradientOf(parameters.scale),
    dbeta: gradientOf(parameters.shift),
  });
}
