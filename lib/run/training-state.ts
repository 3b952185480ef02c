/** How far a run has come and how good it is: what a checkpoint of it holds besides the model. */

export interface ErrorRates {
  readonly images: number;
  /** Mean of −log p(label). */
  readonly loss: number;
  /** Fractions, 0 to 1. */
  readonly top1Error: number;
  readonly top5Error: number;
}

/** The plateau schedule's memory, saved with the checkpoint. */
export interface Plateau {
  /** Lowest top-1 validation error so far; null before the first validation. */
  readonly best: number | null;
  readonly validationsSince: number;
  readonly reductions: number;
}

export interface TrainingState {
  /** Steps done. With the seed they also give the position in the data: batch b of step s is position s × batch + b. */
  readonly step: number;
  readonly seed: number;
  readonly batch: number;
  readonly plateau: Plateau;
  /** The last validation. */
  readonly validation: { readonly step: number; readonly rates: ErrorRates } | null;
}
