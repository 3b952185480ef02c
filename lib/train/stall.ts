/** Notices a loss that stays at ln(classes), that of guessing: with the paper's own initialisation training can stall there. */

import type { Initialisation } from '../runtime/initialise.js';

/** Steps over which the loss is averaged. */
const window = 100;
/** Repeated warnings come this many steps apart. */
const pause = 500;
/** Nearer than this share to ln(classes) counts as there. */
const closeness = 0.005;

export class StallDetector {
  private readonly recent: number[] = [];
  private warned = -pause;

  constructor(
    private readonly classes: number,
    private readonly initialisation: Initialisation,
  ) {}

  /** The warning to show after this step, if one is due. */
  add(step: number, loss: number): string | undefined {
    this.recent.push(loss);
    if (this.recent.length > window) this.recent.shift();
    if (this.recent.length < window || step - this.warned < pause) return undefined;
    const mean = this.recent.reduce((a, b) => a + b) / window;
    const guessing = Math.log(this.classes);
    if (mean < guessing * (1 - closeness) || mean > guessing * (1 + closeness)) return undefined;
    this.warned = step;
    const remedy =
      this.initialisation === 'paper'
        ? "the paper's initialisation is known to stall: start again with --initialisation authors or caffe"
        : this.initialisation === 'he'
          ? 'try another --learning-rate, and look whether the labels fit the images'
          : 'try --initialisation he, or another --learning-rate';
    return `the loss has stayed at ${mean.toFixed(3)}, about ln(${this.classes}) = ${guessing.toFixed(3)}, for ${window} steps: the network only guesses; ${remedy}`;
  }
}
