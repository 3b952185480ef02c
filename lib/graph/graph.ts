/**
 * What the network is: a chain of layers, pure data. Shapes, cost and partition are derived from it elsewhere.
 * The softmax and its loss follow the last layer by themselves.
 */

import type { LrnParameters, MapNormParameters, Padding } from '../plan/commands.js';

export interface ConvolutionLayer {
  readonly kind: 'convolution';
  readonly name: string;
  /** Output maps, on all devices together. */
  readonly maps: number;
  readonly kernel: number;
  readonly stride: number;
  /** top, left, bottom, right */
  readonly padding: Padding;
  readonly groups: number;
}

export interface FullyConnectedLayer {
  readonly kind: 'fully_connected';
  readonly name: string;
  readonly units: number;
}

export interface ActivationLayer {
  readonly kind: 'activation';
  readonly name: string;
  readonly function: 'relu' | 'tanh';
}

export interface LrnLayer extends LrnParameters {
  readonly kind: 'lrn';
  readonly name: string;
}

export interface MapNormLayer extends MapNormParameters {
  readonly kind: 'map_norm';
  readonly name: string;
}

export interface MaxPoolLayer {
  readonly kind: 'max_pool';
  readonly name: string;
  readonly size: number;
  readonly stride: number;
  /** Whether a last window may hang over the bottom and right edge ('up') or is left out ('down'). */
  readonly round: 'down' | 'up';
}

export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly name: string;
  readonly rate: number;
}

export type Layer =
  | ConvolutionLayer
  | FullyConnectedLayer
  | ActivationLayer
  | LrnLayer
  | MapNormLayer
  | MaxPoolLayer
  | DropoutLayer;

/** A layer with weights and biases. */
export type LearnedLayer = ConvolutionLayer | FullyConnectedLayer;

export interface Graph {
  readonly name: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly layers: readonly Layer[];
}

export const isLearned = (layer: Layer): layer is LearnedLayer =>
  layer.kind === 'convolution' || layer.kind === 'fully_connected';

/** How an image becomes the network's input (PAPER: sections 2 and 4.1). */
export interface Preprocessing {
  /** Side of the stored square images, pixels. */
  readonly store: number;
  /** Side of the crop the network reads. */
  readonly crop: number;
  /** 'crop': shorter side to `store`, centre square (the paper); 'warp': both sides to `store` (Caffe). */
  readonly fit: 'crop' | 'warp';
  /** Subtract the mean image or the mean colour of the training set. */
  readonly mean: 'image' | 'colour';
  /** The mean image is read where the pixel came from, or always its centre (the authors' program). */
  readonly meanAt: 'crop' | 'centre';
  readonly order: 'rgb' | 'bgr';
  /** Divisors of the three channels (R, G, B), in grey levels. */
  readonly deviation: readonly [number, number, number];
}
