/** One image, in whatever format, as the paper's square of RGB bytes (paper, section 2). */

import sharp from 'sharp';
import type { Preprocessing } from '../../graph/graph.js';
import { squareOfJpeg, type ImageExtent } from '../../runtime/native/images.js';
import { rgbSpace } from './colour-profile.js';
import { kindOf, readImageFile, type ImageKind, type Reason } from './image-file.js';
import { jpegHeader, type JpegHeader } from './jpeg-header.js';
import { squareOf, squarePart } from './square.js';
import { pixelLimit, troubleWith } from './trouble.js';
import { hasTurboJpeg } from './turbojpeg.js';

/** A path, or the bytes of an image file. */
export type ImageSource = string | Uint8Array;

export type Decoded = { readonly pixels: Uint8Array } | Reason;

export interface DecodeOptions {
  /** Take a file that ends too soon, its missing part as the format's decoder leaves it; default: a reason. */
  readonly allowTruncated?: boolean;
}

/** Larger ones, which are rare, are rescaled by libvips as they are decoded: their pixels are never all in memory. */
const wholeLimit = 2 ** 24;
const sideLimit = 2 ** 16;
const isHeldWhole = ({ width, height }: ImageExtent): boolean =>
  width * height <= wholeLimit && Math.max(width, height) <= sideLimit;

// Images are decoded several at a time; threads within one image would only compete with them.
sharp.concurrency(1);
sharp.cache(false);

/**
 * store × store × 3 bytes of sRGB, or why not: the first picture of several, upright as EXIF says, by its ICC profile, on white
 * where it is transparent. Never throws for a bad image.
 */
export async function decodeImage(
  source: ImageSource,
  { store, fit }: Pick<Preprocessing, 'store' | 'fit'>,
  { allowTruncated = false }: DecodeOptions = {},
): Promise<Decoded> {
  const bytes = typeof source === 'string' ? await readImageFile(source) : source;
  if ('reason' in bytes) return bytes;
  if (bytes.length === 0) return { reason: 'there are no bytes' };
  const kind = kindOf(bytes);
  if (typeof kind !== 'string') return kind;
  const jpeg = kind === 'jpeg' ? jpegHeader(bytes) : undefined;
  const pixels = jpeg && (await plainJpeg(bytes, jpeg, { store, fit }));
  return pixels ? { pixels } : await byLibvips(bytes, kind, jpeg, { store, fit }, allowTruncated);
}

/** Any format. */
async function byLibvips(
  bytes: Uint8Array,
  kind: ImageKind,
  jpeg: JpegHeader | undefined,
  { store, fit }: Pick<Preprocessing, 'store' | 'fit'>,
  allowTruncated: boolean,
): Promise<Decoded> {
  let extent: ImageExtent | undefined = jpeg;
  try {
    const image = sharp(bytes, {
      limitInputPixels: pixelLimit,
      failOn: allowTruncated ? 'none' : 'truncated',
      pages: 1,
      ignoreIcc: jpeg?.profile !== undefined && rgbSpace(jpeg.profile) === 'srgb',
    });
    const { width, height, space } = jpeg ? { ...jpeg, space: undefined } : await image.metadata();
    extent = { width, height };
    const eightBits = kind === 'jpeg' ? undefined : spaceOfEightBits(space);
    if (eightBits) image.pipelineColourspace(eightBits);
    image.autoOrient().toColourspace('srgb').flatten({ background: '#ffffff' });
    if (!isHeldWhole({ width, height }))
      image.resize(store, store, { fit: fit === 'crop' ? 'cover' : 'fill', position: 'centre' });
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return { pixels: squareOf(asRgb(data, info.channels), info, { store, fit }) };
  } catch (error) {
    return { reason: troubleWith(bytes, kind, extent, store, (error as Error).message) };
  }
}

/**
 * The same pixels, for the files that nearly all are: upright, grey or of three channels, flawless. Undefined for others, and where
 * there is no libjpeg-turbo.
 */
export async function plainJpeg(
  bytes: Uint8Array,
  jpeg: JpegHeader,
  fit: Pick<Preprocessing, 'store' | 'fit'>,
): Promise<Uint8Array | undefined> {
  const { usual, channels, orientation, profile } = jpeg;
  if (!usual || !(channels === 1 || channels === 3) || orientation !== 1 || !isHeldWhole(jpeg))
    return undefined;
  const space = profile ? rgbSpace(profile) : 'srgb';
  if (!space || (space !== 'srgb' && channels !== 3) || !hasTurboJpeg()) return undefined;
  const other = space === 'srgb' ? undefined : space;
  return await squareOfJpeg(bytes, jpeg, squarePart(jpeg, fit), fit.store, other);
}

/** libvips ignores profiles of 16-bit images, or converts them to P3 instead of sRGB, unless they are made 8-bit first. */
const spaceOfEightBits = (space: string | undefined): 'srgb' | 'b-w' | undefined =>
  space === 'rgb16' ? 'srgb' : space === 'grey16' ? 'b-w' : undefined;

/** Greyscale comes back with one channel from some formats. */
function asRgb(data: Buffer, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    for (let c = 0; c < 3; c++) pixels[to + c] = data[from + (channels < 3 ? 0 : c)] ?? 0;
  }
  return pixels;
}
