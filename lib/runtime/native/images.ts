/** Pixels: JPEG in and out, one resampling for all, sums over them. */

import { addon, native } from './addon.js';

/** In pixels. */
export interface ImageExtent {
  readonly width: number;
  readonly height: number;
}

export interface Corner {
  readonly left: number;
  readonly top: number;
}

interface ImagesPart {
  accumulate(pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array): void;
  resample(pixels: Uint8Array, image: ImageExtent, part: ImageExtent & Corner, size: number): Buffer;
  loadJpegLibrary(file: string): boolean;
  squareOfJpeg(
    jpeg: Uint8Array,
    image: ImageExtent,
    part: ImageExtent & Corner,
    size: number,
    space?: Float32Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  readJpeg(jpeg: Uint8Array, size: number, target: Uint8Array): boolean;
  writeJpeg(pixels: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer>;
}

/**
 * Adds an image's r, g, b bytes to `mean`, each to its own place, and to the nine sums of `colour`: over r, g, b, rr, rg, rb, gg,
 * gb, bb. Throws USAGE where the lengths do not go together.
 */
export const accumulate = (pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array): void =>
  native(() => addon<ImagesPart>().accumulate(pixels, mean, colour));

/**
 * A part of an image of height × width × 3 bytes, fractions of pixels included, as size × size × 3 bytes: Lanczos's kernel of 3 lobes,
 * widened where the image shrinks, in integers: the same bytes on every processor. Sides of at most 65,536. Throws USAGE for
 * lengths and parts that do not fit the image.
 */
export const resample = (
  pixels: Uint8Array,
  image: ImageExtent,
  part: ImageExtent & Corner,
  size: number,
): Uint8Array => native(() => addon<ImagesPart>().resample(pixels, image, part, size));

/**
 * Has the next three work with a libjpeg-turbo (version 3 of its TurboJPEG interface), from now on and for the whole process. False
 * where the file is no such library.
 */
export const loadJpegLibrary = (file: string): boolean => addon<ImagesPart>().loadJpegLibrary(file);

/**
 * `resample` of what a JPEG file of that size holds, decoded by libjpeg's accurate transform, in a thread of its own; `space` is that of
 * lib/data/images/colour-profile.ts where it is not sRGB. Undefined for a file that libjpeg remarks on, such as one that is cut short.
 */
export const squareOfJpeg = async (
  jpeg: Uint8Array,
  image: ImageExtent,
  part: ImageExtent & Corner,
  size: number,
  space?: Float32Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  await native(() => addon<ImagesPart>().squareOfJpeg(jpeg, image, part, size, space));

/** A JPEG file of size × size pixels into `target`, of three bytes each. False for a file that libjpeg remarks on. */
export const readJpeg = (jpeg: Uint8Array, size: number, target: Uint8Array): boolean =>
  native(() => addon<ImagesPart>().readJpeg(jpeg, size, target));

/** size × size × 3 bytes as a JPEG file, its chroma not subsampled. `quality` from 1 to 100. */
export const writeJpeg = (pixels: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer> =>
  native(() => addon<ImagesPart>().writeJpeg(pixels, size, quality));
