/** Sums up losses and ranks of many images. */

import type { ErrorRates } from '../run/training-state.js';

export class ErrorCounter {
  private images = 0;
  private loss = 0;
  private top1 = 0;
  private top5 = 0;

  /** rank: how many classes come before the image's own. */
  add(loss: number, rank: number): void {
    this.images++;
    this.loss += loss;
    if (rank >= 1) this.top1++;
    if (rank >= 5) this.top5++;
  }

  rates(): ErrorRates {
    const n = Math.max(1, this.images);
    return { images: this.images, loss: this.loss / n, top1Error: this.top1 / n, top5Error: this.top5 / n };
  }
}

/** How many classes come before `label`: greater probability, or the same and a smaller index. */
export function rankOf(probabilities: ArrayLike<number>, label: number): number {
  const own = probabilities[label] ?? Number.NaN;
  let rank = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] ?? Number.NaN;
    if (!(p < own || (p === own && i >= label))) rank++;
  }
  return Number.isNaN(own) ? probabilities.length : rank;
}
