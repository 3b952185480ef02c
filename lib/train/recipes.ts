/** The presets' recipes. */

import type { PresetName } from '../graph/presets.js';
import type { Recipe } from '../run/recipe.js';

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
  'alexnet-bn': { ...paper, initialisation: 'he' },
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
