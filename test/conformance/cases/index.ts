/** The table: every op a backend carries out, and where its random cases come from. */

import type { OpName } from '../../../lib/plan/commands.js';
import type { Case } from '../case.js';
import type { Random } from '../random.js';
import * as convolution from './convolution.js';
import type { Sizes } from './convolution.js';
import * as elementwise from './elementwise.js';
import * as learning from './learning.js';
import * as normalisation from './normalisation.js';
import * as pooling from './pooling.js';

/** The ops that read slices of channels and write into them on every backend; the others' tensors are dense. */
export const stridedOps: ReadonlySet<string> = new Set<ComputeOpName>([
  'convolution_forward',
  'convolution_backward_data',
  'convolution_backward_weights',
  'convolution_update',
  'copy',
  'sum',
]);

/** Transfers and waits are the replay's, not a backend's. */
export type ComputeOpName = Exclude<OpName, 'transfer' | 'wait'>;

/** `mostWork`: millions of multiply-adds, for convolutions. */
export type Draw = (random: Random, mostWork?: number) => Case;

const any = (random: Random, mostWork?: number): Sizes => convolution.drawSizes(random, { mostWork });
const wide = (random: Random, mostWork?: number): Sizes =>
  convolution.drawSizes(random, { wide: 1, mostWork });

/** Convolutions of many maps only. */
export const wideCases: Readonly<Partial<Record<ComputeOpName, Draw>>> = {
  convolution_forward: (random, mostWork) => convolution.convolutionForward(random, wide(random, mostWork)),
  convolution_backward_data: (random, mostWork) =>
    convolution.convolutionBackwardData(random, wide(random, mostWork)),
  convolution_backward_weights: (random, mostWork) =>
    convolution.convolutionBackwardWeights(random, wide(random, mostWork)),
  convolution_update: (random, mostWork) => convolution.convolutionUpdate(random, wide(random, mostWork)),
};

export const randomCases: Readonly<Record<ComputeOpName, Draw>> = {
  convolution_forward: (random, mostWork) => convolution.convolutionForward(random, any(random, mostWork)),
  convolution_backward_data: (random, mostWork) =>
    convolution.convolutionBackwardData(random, any(random, mostWork)),
  convolution_backward_weights: (random, mostWork) =>
    convolution.convolutionBackwardWeights(random, any(random, mostWork)),
  convolution_update: (random, mostWork) => convolution.convolutionUpdate(random, any(random, mostWork)),
  lrn_forward: normalisation.lrnForward,
  lrn_backward: normalisation.lrnBackward,
  map_norm_forward: normalisation.mapNormForward,
  map_norm_backward: normalisation.mapNormBackward,
  batch_norm_forward: normalisation.batchNormForward,
  batch_norm_inference: normalisation.batchNormInference,
  batch_norm_backward: normalisation.batchNormBackward,
  max_pool_forward: pooling.maxPoolForward,
  max_pool_backward: pooling.maxPoolBackward,
  lrn_pool_forward: pooling.lrnPoolForward,
  lrn_pool_backward: pooling.lrnPoolBackward,
  activation_forward: elementwise.activationForward,
  activation_backward: elementwise.activationBackward,
  dropout: elementwise.dropoutMask,
  scale: elementwise.scale,
  softmax_cross_entropy: learning.softmaxCrossEntropy,
  sgd: learning.sgd,
  preprocess: learning.preprocess,
  fill: elementwise.fill,
  gaussian: learning.gaussian,
  copy: elementwise.copy,
  sum: elementwise.sum,
};
