/**
 * Decoded images on disk: `images.bin` holds store × store × 3 bytes an image, `mean.bin` their mean image as float32,
 * `index.json` says what they are, with a CRC-32 of each. A folder with anything missing, cut short or of another version
 * is as good as empty.
 */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ColourAxes } from './colour.js';

export interface SkippedImage {
  readonly file: string;
  readonly reason: string;
}

export interface StoreIndex {
  readonly version: 2;
  /** Of the images' names, sizes and dates, and of how they were prepared. */
  readonly fingerprint: string;
  /** Where each image came from, its class, and the checksum of its bytes in images.bin. */
  readonly files: readonly string[];
  readonly labels: readonly number[];
  readonly checksums: readonly number[];
  readonly meanChecksum: number;
  readonly skipped: readonly SkippedImage[];
  /** Red, green, blue over all images, grey levels. */
  readonly meanColour: readonly number[];
  readonly colour: ColourAxes;
}

export const imagesFile = (folder: string): string => join(folder, 'images.bin');
export const meanFile = (folder: string): string => join(folder, 'mean.bin');
export const indexFile = (folder: string): string => join(folder, 'index.json');

/** The index and the mean image of a folder, or null where it cannot be used for these images of `record` bytes each. */
export async function readStoreFiles(
  folder: string,
  fingerprint: string,
  record: number,
): Promise<{ index: StoreIndex; meanImage: Float32Array } | null> {
  try {
    const index = JSON.parse(await readFile(indexFile(folder), 'utf8')) as StoreIndex;
    if (index.version !== 2 || index.fingerprint !== fingerprint) return null;
    const { size } = await stat(imagesFile(folder));
    const mean = await readFile(meanFile(folder));
    const whole =
      size === index.labels.length * record &&
      index.checksums.length === index.labels.length &&
      mean.length === record * 4 &&
      crc32(mean) === index.meanChecksum;
    return whole ? { index, meanImage: new Float32Array(Uint8Array.from(mean).buffer) } : null;
  } catch {
    return null;
  }
}
