/** What the forward pass leaves for the backward pass, which reads it from the end. */

import type { LearnedLayer, LocalLayer, MaxPoolLayer } from '../graph/graph.js';
import type { Value } from './builder.js';
import type { Activation, ConvolutionGeometry, Dropout } from './commands.js';
import type { DeviceParameters, NormParameters } from './parameters.js';
import type { MapRange } from './partition.js';

/** Maps [from, to) of a layer's output, on a device. */
export interface Piece extends MapRange {
  readonly value: Value;
}

/** One product of a convolution: kernels of a device with a range of input maps. */
export interface Term {
  readonly x: Value;
  readonly w: Value;
  /** Device that produced x; undefined for the image, which needs no gradient. */
  readonly origin: number | undefined;
}

export interface ConvolutionPart {
  readonly parameters: DeviceParameters;
  readonly terms: readonly Term[];
  readonly output: Piece;
}

/** Of a batch normalisation on one device. */
export interface NormState {
  readonly parameters: NormParameters;
  readonly mean: Value;
  readonly inverse: Value;
}

export type TapeEntry =
  | {
      readonly kind: 'convolution';
      readonly layer: LearnedLayer;
      readonly geometry: ConvolutionGeometry;
      readonly parts: readonly ConvolutionPart[];
      readonly activation: Activation;
      /** Per device, when dropout is fused behind the activation. */
      readonly dropout: ReadonlyMap<number, Dropout> | undefined;
    }
  | {
      readonly kind: 'local';
      readonly layer: LocalLayer;
      readonly fusedPool: MaxPoolLayer | undefined;
      /** Of batch normalisation, whose command computes the activation behind it. */
      readonly activation: Activation;
      /** What batch normalisation's backward command reads and learns, by device. */
      readonly norms: ReadonlyMap<number, NormState>;
      readonly inputs: readonly Piece[];
      readonly outputs: readonly Piece[];
      readonly dropout: ReadonlyMap<number, Dropout> | undefined;
    };
