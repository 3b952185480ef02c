/** How a network is trained: everything of the paper's sections 4 and 5 that is a number or a choice. */

import type { PresetName } from '../graph/presets.js';

export type Initialisation = 'paper' | 'caffe' | 'authors' | 'he';
export const initialisations: readonly Initialisation[] = ['paper', 'caffe', 'authors', 'he'];

/** From this epoch on, so many times the recipe's learning rate. */
export interface Change {
  readonly epoch: number;
  readonly times: number;
}

export type Schedule =
  /** Divide by `factor` when the validation error has not improved for `patience` validations, at most `reductions` times. */
  | {
      readonly kind: 'plateau';
      readonly factor: number;
      readonly reductions: number;
      readonly patience: number;
    }
  /** Multiples of the learning rate from given epochs on. */
  | { readonly kind: 'step'; readonly changes: readonly Change[] }
  | { readonly kind: 'constant' };

export interface Augmentation {
  /** A random crop; otherwise the centre. */
  readonly crop: boolean;
  /** A random reflection. */
  readonly flip: boolean;
  /** Standard deviation of the PCA colour shift's coefficients; 0.1 in the paper, 0 switches it off. */
  readonly colour: number;
  /** Epoch from which the colour shift stays off (the authors' program). */
  readonly colourUntil?: number;
  /** Images that share one draw of crop and reflection: 1, or 32 in the authors' program. */
  readonly sharedBy: number;
  /** The authors' program divides training images by 1 + colour while the shift is on. */
  readonly scale: 'none' | 'authors';
}

export interface Recipe {
  readonly batch: number;
  readonly epochs: number;
  /** Of all weights at the start; what schedule, layers and biases have of their own are multiples of it. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Learning rates of single layers' weights from given epochs on, over the schedule's. */
  readonly layerRates: Readonly<Record<string, readonly Change[]>>;
  /** Biases learn at this multiple of the weights' rate ... */
  readonly biasRate: number;
  /** ... or at rates of their own from given epochs on. */
  readonly biasRates?: readonly Change[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decayBiases: boolean;
  readonly dropout: boolean;
  readonly initialisation: Initialisation;
  readonly augmentation: Augmentation;
}

const paper: Recipe = {
  batch: 128,
  epochs: 90,
  learningRate: 0.01,
  schedule: { kind: 'plateau', factor: 10, reductions: 3, patience: 5 },
  layerRates: {},
  biasRate: 1,
  momentum: 0.9,
  weightDecay: 0.0005,
  decayBiases: false,
  dropout: true,
  initialisation: 'paper',
  augmentation: { crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' },
};

/** The authors' run 145-2010. Its file ends with the biases' rate a tenth; when it fell is not recorded, so: with conv1's. */
const authors: Recipe = {
  ...paper,
  epochs: 93,
  schedule: {
    kind: 'step',
    changes: [
      { epoch: 23, times: 0.1 },
      { epoch: 51, times: 0.01 },
      { epoch: 78, times: 0.001 },
    ],
  },
  layerRates: {
    conv1: [
      { epoch: 68, times: 0.001 },
      { epoch: 72, times: 0 },
    ],
  },
  biasRates: [
    { epoch: 0, times: 2 },
    { epoch: 68, times: 0.2 },
  ],
  initialisation: 'authors',
  augmentation: { crop: true, flip: true, colour: 0.1, colourUntil: 68, sharedBy: 32, scale: 'authors' },
};

export const recipes: Readonly<Record<PresetName, Recipe>> = {
  paper,
  authors,
  caffe: {
    ...paper,
    batch: 256,
    initialisation: 'caffe',
    biasRate: 2,
    schedule: {
      kind: 'step',
      // Every 100,000 steps of 256 images of 1.28 million: 20 epochs.
      changes: [1, 0.1, 0.01, 0.001, 0.0001].map((times, i) => ({ epoch: 20 * i, times })),
    },
    augmentation: { ...paper.augmentation, colour: 0 },
  },
  torchvision: {
    ...paper,
    batch: 256,
    initialisation: 'he',
    weightDecay: 0.0001,
    schedule: {
      kind: 'step',
      changes: [1, 0.1, 0.01].map((times, i) => ({ epoch: 30 * i, times })),
    },
    augmentation: { ...paper.augmentation, colour: 0 },
  },
  cifar: {
    ...paper,
    epochs: 40,
    initialisation: 'he',
    dropout: false,
    augmentation: { ...paper.augmentation, crop: false, colour: 0 },
  },
  // Chosen on 3,000 photographs of ten classes and on the demo set: minutes on two cores.
  mini: {
    ...paper,
    batch: 32,
    epochs: 45,
    initialisation: 'he',
    schedule: {
      kind: 'step',
      changes: [
        { epoch: 33, times: 0.1 },
        { epoch: 41, times: 0.01 },
      ],
    },
  },
};
