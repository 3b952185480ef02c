/**
 * What the network is: a chain of layers, pure data. Shapes, cost and partition are derived from it elsewhere.
 * The softmax and its loss follow the last layer by themselves.
 */

import { AlexNetError } from '../errors.js';

/** Zeros around a map. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

export interface ConvolutionLayer {
  readonly kind: 'convolution';
  readonly name: string;
  /** Output maps, on all devices together. */
  readonly maps: number;
  readonly kernel: number;
  readonly stride: number;
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

/** Local response normalisation across maps (the paper, section 3.3). */
export interface LrnParameters {
  readonly size: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  readonly groups: number;
}

/** Normalisation within each map (the authors' program). */
export interface MapNormParameters {
  readonly size: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Batch normalisation over channels (Ioffe and Szegedy, 2015). */
export interface BatchNormParameters {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Share of a batch's mean and variance in the running ones, which inference uses. */
  readonly momentum: number;
}

export interface LrnLayer extends LrnParameters {
  readonly kind: 'lrn';
  readonly name: string;
}

export interface MapNormLayer extends MapNormParameters {
  readonly kind: 'map_norm';
  readonly name: string;
}

export interface BatchNormLayer extends BatchNormParameters {
  readonly kind: 'batch_norm';
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
  | BatchNormLayer
  | MaxPoolLayer
  | DropoutLayer;

/** A layer with weights and biases. */
export type LearnedLayer = ConvolutionLayer | FullyConnectedLayer;

/** A layer without weights, which each device applies to its own maps. */
export type LocalLayer = Exclude<Layer, LearnedLayer>;

/** Rows, columns and maps of what a layer reads or makes. */
export interface LayerExtent {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Graph {
  readonly name: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly layers: readonly Layer[];
}

const learned = {
  convolution: true,
  fully_connected: true,
  activation: false,
  lrn: false,
  map_norm: false,
  batch_norm: false,
  max_pool: false,
  dropout: false,
} as const satisfies { readonly [K in Layer['kind']]: K extends LearnedLayer['kind'] ? true : false };

export const isLearned = (layer: Layer): layer is LearnedLayer => learned[layer.kind];

/** The layer whose output the classifier reads: fc7, behind its activation and dropout. */
export function featureLayer(graph: Graph): string | undefined {
  return graph.layers[graph.layers.findLastIndex(isLearned) - 1]?.name;
}

/** The end of a `switch` over all kinds: one that has no case does not compile. Graphs of callers and files may have others. */
export function unknownLayer(layer: never): never {
  const { kind, name } = layer as { readonly kind: unknown; readonly name: unknown };
  throw new AlexNetError('GRAPH', `layer ${String(name)}: expected a known kind, received ${String(kind)}`);
}

/** How an image becomes the network's input (the paper, sections 2 and 4.1). */
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
