/** What happens to each training image each time it is used, as rows for the devices' preprocessing (paper, section 4.1). */

import { normals, randomBlock, type Seed } from '../../random/philox.js';
import { streams } from '../../random/streams.js';
import type { ColourAxes } from '../colour.js';

export interface Augmenting {
  readonly crop: boolean;
  readonly flip: boolean;
  /** Deviation of the colour coefficients; 0: no shift. */
  readonly colour: number;
  readonly sharedBy: number;
  readonly scale: 'none' | 'authors';
}

/** batch × 8: top, left, flip, red, green and blue shift in grey levels, scale, unused. */
export function trainingViews(
  batch: number,
  store: number,
  crop: number,
  augmenting: Augmenting,
  { axes, deviations }: ColourAxes,
  seed: Seed,
  step: number,
): Float32Array {
  const rows = new Float32Array(batch * 8);
  const places = store - crop + 1;
  const middle = Math.floor((store - crop) / 2);
  const pick = (word: number): number => Math.floor((word / 4294967296) * places);
  for (let n = 0; n < batch; n++) {
    // Two blocks an image: one for crop and reflection, one for colour.
    const shared = n - (n % augmenting.sharedBy);
    const [y, x, reflect] = randomBlock(seed, streams.augmentation, step, 2 * shared);
    const row = rows.subarray(n * 8, n * 8 + 8);
    row[0] = augmenting.crop ? pick(y) : middle;
    row[1] = augmenting.crop ? pick(x) : middle;
    row[2] = augmenting.flip && reflect >= 0x80000000 ? 1 : 0;
    row[6] = 1;
    if (augmenting.colour === 0) continue;
    const [a, b, c, d] = randomBlock(seed, streams.augmentation, step, 2 * n + 1);
    const alphas = [...normals(a, b), normals(c, d)[0]];
    for (let axis = 0; axis < 3; axis++) {
      const shift = augmenting.colour * (alphas[axis] as number) * (deviations[axis] as number);
      for (let channel = 0; channel < 3; channel++) {
        row[3 + channel] = (row[3 + channel] as number) + shift * (axes[axis]?.[channel] as number);
      }
    }
    if (augmenting.scale === 'authors') row[6] = 1 / (1 + augmenting.colour);
  }
  return rows;
}
