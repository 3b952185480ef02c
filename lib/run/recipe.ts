/** How a network is trained: everything of the paper's sections 4 and 5 that is a number or a choice. A run keeps its own. */

import type { Initialisation } from '../runtime/initialise.js';

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
