/** Some of a store's records, for looking at. */

import { seedWords } from '../../random/philox.js';
import { imageAt } from '../batches/permutation.js';
import type { ImageStore, Range } from '../store/types.js';
import type { Picture } from './sheet.js';

/** As many indices of a range, or all of it, chosen by the seed; rising. */
export function chosen({ start, end }: Range, count: number, seed: number): number[] {
  const all = end - start;
  return Array.from(
    { length: Math.min(count, all) },
    (_, i) => start + imageAt(i, all, 0, seedWords(seed)),
  ).toSorted((a, b) => a - b);
}

/** The name of an image's class. */
export const className = ({ classes, labels }: ImageStore, index: number): string =>
  classes[labels[index] ?? -1]?.name ?? '';

/** Their pixels, size × size × 3 bytes each, one after the other. Throws AlexNetError DATA for a damaged record. */
export async function pixelsOf(store: ImageStore, indices: readonly number[]): Promise<Uint8Array> {
  const pixels = new Uint8Array(new SharedArrayBuffer(indices.length * store.size ** 2 * 3));
  await store.decode(indices, pixels, 0);
  return pixels;
}

/** The records as they are stored. Throws AlexNetError DATA for a damaged one. */
export async function recordPictures(store: ImageStore, indices: readonly number[]): Promise<Picture[]> {
  const pixels = await pixelsOf(store, indices);
  const bytes = store.size ** 2 * 3;
  return indices.map((index, i) => ({
    // Not shared, as drawing wants it.
    pixels: Uint8Array.from(pixels.subarray(i * bytes, (i + 1) * bytes)),
    side: store.size,
    captions: [className(store, index), `image ${index}`],
  }));
}
