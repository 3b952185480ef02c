/** A part of the images set aside for validation, the same part of every class, chosen by the seed alone. */

import type { Seed } from '../plan/commands.js';
import type { LabelledFile } from './folder.js';
import { imageAt } from './permutation.js';

/** Epochs count up from 0; the split of each class uses an order of its own, far behind them. */
const firstOrder = 0xffff0000;

/**
 * `fraction`, in [0, 1], of each class: at least one image and never the last one. Both parts keep the images' order.
 */
export function holdOut(
  images: readonly LabelledFile[],
  fraction: number,
  seed: Seed,
): { kept: LabelledFile[]; held: LabelledFile[] } {
  const classes = new Map<number, LabelledFile[]>();
  for (const image of images) {
    const members = classes.get(image.label);
    if (members) members.push(image);
    else classes.set(image.label, [image]);
  }
  const chosen = new Set<LabelledFile>();
  for (const [label, members] of classes) {
    const share = fraction === 0 ? 0 : Math.max(1, Math.round(fraction * members.length));
    const apart = Math.min(share, members.length - 1);
    for (let position = 0; position < apart; position++) {
      chosen.add(members[imageAt(position, members.length, firstOrder + label, seed)] as LabelledFile);
    }
  }
  return {
    kept: images.filter((image) => !chosen.has(image)),
    held: images.filter((image) => chosen.has(image)),
  };
}
