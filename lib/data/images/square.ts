/** The square of an image: the shorter side to `store` pixels, and the centre (paper, section 2); or, as Caffe, all of it. */

import type { Preprocessing } from '../../graph/graph.js';
import { resample, type Corner, type ImageExtent } from '../../runtime/native/images.js';

type Fit = Pick<Preprocessing, 'store' | 'fit'>;

/** The part of an image that the square is made of, fractions of pixels included. */
export function squarePart({ width, height }: ImageExtent, { fit }: Fit): ImageExtent & Corner {
  if (fit === 'warp') return { left: 0, top: 0, width, height };
  const side = Math.min(width, height);
  return { left: (width - side) / 2, top: (height - side) / 2, width: side, height: side };
}

/** From height × width × 3 bytes to store × store × 3; the same memory where there is nothing to do. */
export function squareOf(pixels: Uint8Array, image: ImageExtent, fit: Fit): Uint8Array {
  if (image.width === fit.store && image.height === fit.store) return pixels;
  return resample(pixels, image, squarePart(image, fit), fit.store);
}
