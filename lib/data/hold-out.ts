/** A part of the images set aside for validation, the same part of every class, chosen by the seed alone. */

import type { Seed } from '../plan/commands.js';
import type { LabelledFile } from './folder.js';
import { imageAt } from './permutation.js';

/** Classes of a single image keep it for training. */
export function holdOut(
  images: readonly LabelledFile[],
  fraction: number,
  seed: Seed,
): { kept: LabelledFile[]; held: LabelledFile[] } {
  const byClass = new Map<number, LabelledFile[]>();
  for (const image of images) byClass.set(image.label, [...(byClass.get(image.label) ?? []), image]);
  const kept: LabelledFile[] = [];
  const held: LabelledFile[] = [];
  for (const [label, members] of byClass) {
    const apart = members.length < 2 ? 0 : Math.max(1, Math.round(fraction * members.length));
    // Epochs count up from 0; the split uses an order of its own.
    const order = 0xffff0000 + label;
    members.forEach((_, position) => {
      const image = members[imageAt(position, members.length, order, seed)] as LabelledFile;
      (position < apart ? held : kept).push(image);
    });
  }
  return { kept, held };
}
