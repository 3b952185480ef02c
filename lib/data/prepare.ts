/** Decodes a set of images into a folder, several at a time, and measures their mean and their colours on the way. */

import { open, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { AlexNetError } from '../errors.js';
import type { Preprocessing } from '../graph/graph.js';
import { addColours, covariance, emptyColourSums, meanColour, principalAxes } from './colour.js';
import { decodeImage, type Decoded } from './decode.js';
import type { LabelledFile } from './folder.js';
import { imagesFile, indexFile, meanFile, type SkippedImage, type StoreIndex } from './store-files.js';
import { writeWholeFolder } from './whole-folder.js';

export interface PrepareOptions {
  readonly files: readonly LabelledFile[];
  readonly preprocessing: Pick<Preprocessing, 'store' | 'fit'>;
  /** The folder to keep the decoded images in; several stores may share it. */
  readonly cache: string;
  /** Images done, of how many, and how many of those done could not be read. */
  readonly onProgress?: (done: number, total: number, skipped: number) => void;
  readonly signal?: AbortSignal;
}

/** Images on their way at once: enough that none waits for the one whose turn it is to be written. */
const window = Math.max(8, 2 * availableParallelism());

/**
 * Makes `folder` the store of these images, unless another process is first and its store is `usable`. Throws AlexNetError
 * DATA where not one image can be read or the disk is full, and the signal's reason when aborted.
 */
export async function prepareFolder(
  folder: string,
  fingerprint: string,
  options: PrepareOptions,
  usable: () => Promise<boolean>,
): Promise<void> {
  await writeWholeFolder(
    folder,
    async (temporary) => {
      const index: StoreIndex = { version: 2, fingerprint, ...(await decodeAll(temporary, options)) };
      await writeFile(indexFile(temporary), JSON.stringify(index), { flush: true });
    },
    usable,
  );
}

/** Writes images.bin and mean.bin in the files' order. */
async function decodeAll(
  folder: string,
  options: PrepareOptions,
): Promise<Omit<StoreIndex, 'version' | 'fingerprint'>> {
  const { files, preprocessing, signal, onProgress } = options;
  const names: string[] = [];
  const labels: number[] = [];
  const checksums: number[] = [];
  const skipped: SkippedImage[] = [];
  // Whole numbers below 2⁵³: exact, like the colours' sums.
  const sum = new Float64Array(preprocessing.store ** 2 * 3);
  const colours = emptyColourSums();
  const images = await open(imagesFile(folder), 'w');
  const underWay: Promise<Decoded>[] = [];
  try {
    for (const [i, { file, label }] of files.entries()) {
      signal?.throwIfAborted();
      for (let next = i + underWay.length; next < files.length && underWay.length < window; next++) {
        underWay.push(decodeImage((files[next] as LabelledFile).file, preprocessing));
      }
      const decoded = await (underWay.shift() as Promise<Decoded>);
      if ('reason' in decoded) skipped.push({ file, reason: decoded.reason });
      else {
        const { pixels } = decoded;
        const written = images.writeFile(pixels);
        names.push(file);
        labels.push(label);
        checksums.push(crc32(pixels));
        addColours(colours, pixels);
        addTo(sum, pixels);
        await written;
      }
      onProgress?.(i + 1, files.length, skipped.length);
    }
    if (labels.length === 0) throw new AlexNetError('DATA', noneReadable(skipped));
    await images.sync();
  } finally {
    // Nothing goes on in the background once this has returned.
    await Promise.all(underWay);
    await images.close();
  }
  const mean = new Uint8Array(Float32Array.from(sum, (value) => value / labels.length).buffer);
  await writeFile(meanFile(folder), mean, { flush: true });
  return {
    files: names,
    labels,
    checksums,
    meanChecksum: crc32(mean),
    skipped,
    meanColour: meanColour(colours),
    colour: principalAxes(covariance(colours)),
  };
}

function addTo(sum: Float64Array, pixels: Uint8Array): void {
  for (let p = 0; p < sum.length; p++) sum[p] = (sum[p] as number) + (pixels[p] as number);
}

function noneReadable(skipped: readonly SkippedImage[]): string {
  const [first] = skipped;
  if (!first) return 'there are no images to prepare';
  return `none of the ${skipped.length} images could be read; the first, ${first.file}: ${first.reason}`;
}
