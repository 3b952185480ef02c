/** The paper's square of an image (section 2): the shorter side to `store` pixels, and the centre; or, as Caffe, all of it. */

import type { Preprocessing } from '../graph/graph.js';
import { resample, type Extent } from '../runtime/native.js';

/** From height × width × 3 bytes to store × store × 3; the same memory where there is nothing to do. */
export function squareOf(
  pixels: Uint8Array,
  { width, height }: Extent,
  { store, fit }: Pick<Preprocessing, 'store' | 'fit'>,
): Uint8Array {
  if (width === store && height === store) return pixels;
  const side = Math.min(width, height);
  const part =
    fit === 'crop'
      ? { left: (width - side) / 2, top: (height - side) / 2, width: side, height: side }
      : { left: 0, top: 0, width, height };
  return resample(pixels, { width, height }, part, store);
}
