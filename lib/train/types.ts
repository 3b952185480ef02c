/** A training run's options, and its events. */

import type { Parts } from '../data/sources/parts.js';
import type { PrepareProgress } from '../data/store/prepare.js';
import type { Graph, Preprocessing } from '../graph/graph.js';
import type { Precision } from '../plan/precision.js';
import type { ErrorRates } from '../run/training-state.js';
import type { DeviceChoice } from '../runtime/choose.js';
import type { Recipe } from '../run/recipe.js';

export interface TrainOptions extends DeviceChoice {
  /**
   * A store, or anything that `prepare` takes, such as a folder of class folders: a store is then made of it and cached beside
   * the runs. Default: the built-in demo set.
   */
  readonly data?: string;
  /** Default: mini for the demo set, paper otherwise. */
  readonly preset?: string;
  /** A network of your own instead of a preset. */
  readonly graph?: Graph;
  readonly preprocessing?: Preprocessing;
  /** Expected number of classes; an error if the data has another. */
  readonly classes?: number;
  /** Whether a class may have no images; default: that is an error. */
  readonly allowEmptyClasses?: boolean;
  /** Changes to the preset's recipe. */
  readonly recipe?: Partial<Recipe>;
  /** Length of the run: epochs, or steps. Default: the recipe's epochs. */
  readonly epochs?: number;
  readonly steps?: number;
  /** A non-negative integer; default 1. The same seed gives the same run. */
  readonly seed?: number;
  /** The run's folder. Default: runs/<preset>-<n>. */
  readonly out?: string;
  /**
   * A run's folder to continue; all options but steps, epochs and those of the devices then come from it. AlexNetError IN_USE
   * while another process works on it.
   */
  readonly resume?: string;
  /** Keep a numbered checkpoint every so many steps, besides last and best. */
  readonly checkpointEvery?: number;
  /** Steps between saves of the last checkpoint; default: an epoch, or 500 steps if that is less. */
  readonly saveEvery?: number;
  /** Steps between validations; default: an epoch. */
  readonly validateEvery?: number;
  /** Threads that decode images. Default: on cards all cores but one; else one, at low priority. */
  readonly loaderThreads?: number;
  /** Aborting ends the run after the current step (on cards one more may be under way), saved, as if it had been its last. */
  readonly signal?: AbortSignal;
}

export type TrainEvent =
  | { readonly kind: 'draw'; readonly done: number; readonly total: number }
  | ({ readonly kind: 'prepare' } & PrepareProgress)
  /** Another process prepares the same images. */
  | { readonly kind: 'waiting'; readonly message: string }
  | {
      readonly kind: 'start';
      readonly run: string;
      readonly preset: string;
      readonly devices: string;
      readonly precision: Precision;
      readonly classes: readonly string[];
      readonly trainingImages: number;
      readonly validationImages: number;
      readonly skipped: readonly { readonly file: string; readonly reason: string }[];
      readonly batch: number;
      /** First and last step of this call; a resumed run does not start at 0. */
      readonly firstStep: number;
      readonly steps: number;
      readonly stepsPerEpoch: number;
      readonly parameters: number;
      /** What the user should know: where the recipe departs from the paper, the split, the initialisation. */
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'step';
      /** Steps done, counted from the run's beginning. */
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly top1Error: number;
      readonly top5Error: number;
      readonly learningRate: number;
      readonly imagesPerSecond: number;
      /** How long the devices waited for the step's images. */
      readonly secondsWaited: number;
      readonly secondsLeft: number;
    }
  | ({ readonly kind: 'validation'; readonly step: number; readonly epoch: number } & ErrorRates)
  | {
      readonly kind: 'learning-rate';
      readonly step: number;
      readonly learningRate: number;
      readonly reason: string;
    }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly path: string; readonly best: boolean }
  | { readonly kind: 'warning'; readonly step: number; readonly message: string }
  | ({ readonly kind: 'done' } & TrainResult);

export interface TrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly steps: number;
  /** Mean loss over the last epoch's steps (or over all, if fewer ran). */
  readonly trainLoss: number;
  readonly validation: ErrorRates | null;
  readonly imagesPerSecond: number;
  /** Share of the time after the first step, 0 to 1, that the devices waited for images. */
  readonly waitedForImages: number;
  /** What of the images was for training and what for validation; null where no names of folders or shards tell. */
  readonly parts: Parts | null;
  readonly interrupted: boolean;
}
