/**
 * The commands a device carries out: plain data, the TypeScript twins of native/core/ops/, where each op's meaning,
 * formula and shapes are documented. A program is one list of commands per device.
 */

import type { BatchNormParameters, LrnParameters, MapNormParameters, Padding } from '../graph/graph.js';
import type { Seed } from '../random/philox.js';

export type DType = 'float32' | 'float64' | 'bfloat16' | 'uint8' | 'int32';
export const bytesOf: Record<DType, number> = { float32: 4, float64: 8, bfloat16: 2, uint8: 1, int32: 4 };

export type Shape = readonly [n: number, h: number, w: number, c: number];

/** A place in a device's arena. Activations are N×H×W×C, weights K×R×S×C, vectors 1×1×1×C. */
export interface Tensor {
  /** Bytes from the arena's start, a multiple of 64. */
  readonly offset: number;
  readonly shape: Shape;
  /** Elements from one image, row and column to the next; dense when absent. */
  readonly strides?: readonly [n: number, h: number, w: number];
  /** float32 when absent. */
  readonly dtype?: DType;
}

export type Activation = 'none' | 'relu' | 'tanh';
/** What float32 operands may be rounded to before they are multiplied, where a device multiplies that faster. */
export type Products = 'float32' | 'tf32' | 'bfloat16';
export interface Dropout {
  readonly rate: number;
  readonly seed: Seed;
  readonly stream: number;
  /** Channels of the whole layer, and where this part starts in it. */
  readonly channels: number;
  readonly channelOffset: number;
}

export interface ConvolutionGeometry {
  readonly stride: number;
  readonly padding: Padding;
  readonly groups: number;
  readonly products: Products;
}

export interface PoolParameters {
  readonly poolSize: number;
  readonly poolStride: number;
}

/** T is how a command names its operands: a place in an arena, or, while planning, a tensor without one yet. */
export type Op<T = Tensor> =
  | ({
      readonly op: 'convolution_forward';
      readonly x: T;
      readonly w: T;
      readonly bias?: T;
      /** w in an order of the device's own, as Device.pack left it there; bytes. */
      readonly packed?: T;
      readonly y: T;
      readonly accumulate: boolean;
      readonly activation: Activation;
      readonly dropout?: Dropout;
      readonly scale: number;
    } & ConvolutionGeometry)
  | ({
      readonly op: 'convolution_backward_data';
      readonly dy: T;
      readonly w: T;
      readonly dx: T;
      readonly accumulate: boolean;
    } & ConvolutionGeometry)
  | ({
      readonly op: 'convolution_backward_weights';
      readonly x: T;
      readonly dy: T;
      readonly dw: T;
      readonly db?: T;
    } & ConvolutionGeometry)
  | ({ readonly op: 'lrn_forward'; readonly x: T; readonly y: T } & LrnParameters)
  | ({
      readonly op: 'lrn_backward';
      readonly x: T;
      readonly dy: T;
      readonly dx: T;
      readonly activation: Activation;
    } & LrnParameters)
  | ({ readonly op: 'map_norm_forward'; readonly x: T; readonly y: T } & MapNormParameters)
  | ({
      readonly op: 'map_norm_backward';
      readonly x: T;
      readonly dy: T;
      readonly dx: T;
    } & MapNormParameters)
  | ({
      readonly op: 'batch_norm_forward';
      readonly x: T;
      readonly gamma: T;
      readonly beta: T;
      readonly y: T;
      /** What the backward pass reads: the batch's mean, and (variance + ε)^−½. */
      readonly mean: T;
      readonly inverse: T;
      readonly runningMean: T;
      readonly runningVariance: T;
      readonly activation: Activation;
    } & BatchNormParameters)
  | {
      readonly op: 'batch_norm_inference';
      readonly x: T;
      readonly gamma: T;
      readonly beta: T;
      readonly runningMean: T;
      readonly runningVariance: T;
      readonly y: T;
      readonly epsilon: number;
      readonly activation: Activation;
    }
  | {
      readonly op: 'batch_norm_backward';
      readonly x: T;
      readonly gamma: T;
      readonly mean: T;
      readonly inverse: T;
      readonly dy: T;
      readonly dx: T;
      readonly dgamma: T;
      readonly dbeta: T;
    }
  | ({ readonly op: 'max_pool_forward'; readonly x: T; readonly y: T } & PoolParameters)
  | ({
      readonly op: 'max_pool_backward';
      readonly x: T;
      readonly dy: T;
      readonly dx: T;
      readonly activation: Activation;
    } & PoolParameters)
  | ({ readonly op: 'lrn_pool_forward'; readonly x: T; readonly y: T } & LrnParameters & PoolParameters)
  | ({
      readonly op: 'lrn_pool_backward';
      readonly x: T;
      readonly dy: T;
      readonly dx: T;
      readonly activation: Activation;
    } & LrnParameters &
      PoolParameters)
  | { readonly op: 'activation_forward'; readonly x: T; readonly y: T; readonly activation: Activation }
  | {
      readonly op: 'activation_backward';
      readonly y: T;
      readonly dy: T;
      readonly dx: T;
      readonly activation: Activation;
      readonly dropout?: Dropout;
    }
  | { readonly op: 'dropout'; readonly x: T; readonly y: T; readonly dropout: Dropout }
  | { readonly op: 'scale'; readonly x: T; readonly y: T; readonly factor: number }
  | {
      readonly op: 'softmax_cross_entropy';
      readonly logits: T;
      readonly labels?: T;
      readonly probabilities?: T;
      readonly losses?: T;
      readonly ranks?: T;
      readonly dlogits?: T;
    }
  | {
      readonly op: 'sgd';
      readonly segments: readonly {
        readonly w: T;
        readonly v: T;
        readonly g: T;
        /** Becomes w in its own type. */
        readonly copy?: T;
        /** Index into the step's learning rates. */
        readonly rate: number;
        readonly decay: number;
      }[];
      readonly momentum: number;
    }
  | ({
      /** The gradient of w, and what `sgd` makes of w and v with it; no gradient is left. */
      readonly op: 'convolution_update';
      readonly x: T;
      readonly dy: T;
      readonly w: T;
      readonly v: T;
      readonly copy?: T;
      readonly db?: T;
      readonly momentum: number;
      readonly decay: number;
      readonly rate: number;
    } & ConvolutionGeometry)
  | {
      readonly op: 'preprocess';
      readonly images: T;
      readonly views: T;
      readonly mean: T;
      readonly y: T;
      readonly meanAt: 'crop' | 'centre';
      readonly order: 'rgb' | 'bgr';
      readonly deviation: readonly [number, number, number];
    }
  | { readonly op: 'fill'; readonly y: T; readonly value: number }
  | {
      readonly op: 'gaussian';
      readonly y: T;
      readonly mean: number;
      readonly deviation: number;
      readonly seed: Seed;
      readonly stream: number;
      readonly whole: Shape;
      readonly kernelOffset: number;
      readonly channelOffset: number;
    }
  | { readonly op: 'copy'; readonly x: T; readonly y: T }
  | { readonly op: 'sum'; readonly xs: readonly T[]; readonly y: T }
  | {
      readonly op: 'transfer';
      readonly x: T;
      readonly to: T;
      /** Index of the receiving device in the program. */
      readonly device: number;
      readonly event: number;
    }
  | { readonly op: 'wait'; readonly event: number };

export type OpName = Op['op'];

export type Command<T = Tensor> = Op<T> & {
  /** The layer it serves, for messages and profiles. */
  readonly label: string;
  /** Scratch in the arena, where the backend asks for some. */
  readonly workspace?: { readonly offset: number; readonly bytes: number };
};

export interface Step {
  /** Counts from 0; keys the random numbers. An unsigned 32-bit integer. */
  readonly number: number;
  readonly learningRates: readonly number[];
}
