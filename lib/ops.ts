/**
 * alexnet-native/ops: every operation of the network by itself, on typed arrays.
 *
 * Tensors are `{ data, shape }` in the ecosystem's layouts: activations N×C×H×W, weights O×I×H×W, fully connected
 * layers N×I and O×I. A call checks its arguments, computes off the event loop and resolves to new tensors; leave
 * its arrays as they are until then. `{ device: 'cpu' }` is the default; `'reference'` is plain double loops to compare
 * with, and takes Float64Array too. A wrong argument is an AlexNetError with code 'USAGE'.
 */

export { closeOps, openOps, type OpsDevice, type OpsOptions } from './ops/device.js';
export type { FloatArray, NumberArray, Tensor } from './ops/tensor.js';
export type { Activation } from './plan/commands.js';
export type { Seed } from './random/philox.js';
export type { DropoutArguments } from './ops/random.js';
export {
  convolution,
  convolutionBackward,
  fullyConnected,
  fullyConnectedBackward,
  type ConvolutionArguments,
  type ConvolutionBackwardArguments,
  type ConvolutionGradients,
  type Epilogue,
  type FullyConnectedArguments,
  type FullyConnectedBackwardArguments,
  type Geometry,
} from './ops/convolution.js';
export {
  batchNorm,
  batchNormBackward,
  batchNormInference,
  lrn,
  lrnBackward,
  mapNorm,
  mapNormBackward,
  type BackwardArguments,
  type BatchNormArguments,
  type BatchNormBackwardArguments,
  type BatchNormGradients,
  type BatchNormResult,
  type BatchNormTrainingArguments,
  type LrnArguments,
  type LrnBackwardArguments,
  type MapNormArguments,
  type MapNormBackwardArguments,
} from './ops/normalisation.js';
export {
  lrnPool,
  lrnPoolBackward,
  maxPool,
  maxPoolBackward,
  type LrnPoolArguments,
  type LrnPoolBackwardArguments,
  type MaxPoolArguments,
  type MaxPoolBackwardArguments,
} from './ops/pooling.js';
export {
  activation,
  activationBackward,
  copy,
  dropout,
  scale,
  sum,
  type ActivationBackwardArguments,
  type DropoutCallArguments,
} from './ops/elementwise.js';
export {
  fill,
  gaussian,
  sgd,
  softmax,
  softmaxCrossEntropy,
  type GaussianArguments,
  type SgdArguments,
  type SoftmaxCrossEntropy,
  type SoftmaxCrossEntropyArguments,
} from './ops/learning.js';
export { preprocess, type PreprocessArguments, type View } from './ops/preprocess.js';
