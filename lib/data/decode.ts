/** One image, in whatever format sharp reads, as the paper's square of RGB bytes (section 2). */

import { stat } from 'node:fs/promises';
import sharp from 'sharp';
import type { Preprocessing } from '../graph/graph.js';

/** A path, or the bytes of an image file. */
export type ImageSource = string | Uint8Array;

export type Decoded = { readonly pixels: Uint8Array } | { readonly reason: string };

/** Larger images are refused before they are decoded: a small file can claim to be 60,000 pixels a side. */
const pixelLimit = 200e6;

// Images are decoded several at a time; threads within one would only get in each other's way.
sharp.concurrency(1);
sharp.cache(false);

/** store × store × 3 bytes, or why not. Never throws for a bad image. */
export async function decodeImage(
  source: ImageSource,
  preprocessing: Pick<Preprocessing, 'store' | 'fit'>,
): Promise<Decoded> {
  const { store, fit } = preprocessing;
  try {
    if (typeof source === 'string') {
      const found = await stat(source);
      if (!found.isFile()) return { reason: 'it is not a file' };
      if (found.size === 0) return { reason: 'the file is empty' };
    } else if (source.length === 0) return { reason: 'there are no bytes' };
    const { data, info } = await sharp(source, {
      limitInputPixels: pixelLimit,
      failOn: 'truncated',
      pages: 1,
    })
      .autoOrient()
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .resize(store, store, { fit: fit === 'crop' ? 'cover' : 'fill', position: 'centre' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { pixels: asRgb(data, info.channels) };
  } catch (error) {
    return { reason: explain(error as NodeJS.ErrnoException) };
  }
}

/** Greyscale comes back with one channel from some formats. */
function asRgb(data: Buffer, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    for (let c = 0; c < 3; c++) pixels[to + c] = data[from + (channels < 3 ? 0 : c)] ?? 0;
  }
  return pixels;
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'the file does not exist';
  if (error.code === 'EACCES') return 'no permission to read it';
  const message = error.message.split('\n')[0] ?? '';
  if (/unsupported image format/i.test(message)) return 'it is not an image this program can read';
  if (/exceeds pixel limit/i.test(message)) return `it has more than ${pixelLimit / 1e6} million pixels`;
  // sharp has no words for some files that end too soon.
  if (/unknown error/i.test(message)) return 'it is damaged or cut short';
  return `it is damaged (${message})`;
}
