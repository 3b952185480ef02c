/**
 * Decoded images on disk, so that later epochs and later runs do not decode again: `images.bin` holds store × store × 3
 * bytes an image, `index.json` says what they are. The index is written last and by renaming: without a whole and
 * fitting index the folder is as good as empty.
 */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError } from '../errors.js';
import type { Preprocessing } from '../graph/graph.js';
import { addColours, covariance, emptyColourSums, principalAxes, type ColourAxes } from './colour.js';
import { decodeImage } from './decode.js';
import type { LabelledFile } from './folder.js';

export interface SkippedImage {
  readonly file: string;
  readonly reason: string;
}

interface Index {
  readonly version: 1;
  readonly fingerprint: string;
  readonly labels: readonly number[];
  readonly skipped: readonly SkippedImage[];
  readonly meanColour: readonly number[];
  readonly colour: ColourAxes;
}

export interface ImageStore {
  readonly count: number;
  readonly labels: readonly number[];
  readonly skipped: readonly SkippedImage[];
  /** store × store × 3: each pixel's mean over the images. */
  readonly meanImage: Float32Array;
  readonly meanColour: readonly number[];
  readonly colour: ColourAxes;
  /** Copies an image's bytes into `target` at `offset`. */
  read(index: number, target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

export interface PrepareOptions {
  readonly files: readonly LabelledFile[];
  readonly preprocessing: Pick<Preprocessing, 'store' | 'fit'>;
  /** The folder to keep the decoded images in; several stores may share it. */
  readonly cache: string;
  readonly onProgress?: (done: number, total: number, skipped: number) => void;
  readonly signal?: AbortSignal;
}

/** Stores up to this size are held in memory; a larger one is read from its file. */
const memoryLimit = 2 ** 30;
const concurrency = 8;

/** Changes with the images, their sizes and dates, and how they are prepared. */
async function fingerprintOf({ files, preprocessing }: PrepareOptions): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([1, preprocessing.store, preprocessing.fit]));
  for (const { file, label } of files) {
    const found = await stat(file).catch(() => null);
    hash.update(JSON.stringify([file, label, found?.size, found?.mtimeMs]));
  }
  return hash.digest('hex');
}

/** Opens the decoded images of `files`, decoding them first where no earlier run has. */
export async function prepareStore(options: PrepareOptions): Promise<ImageStore> {
  const fingerprint = await fingerprintOf(options);
  const folder = join(options.cache, fingerprint.slice(0, 16));
  const record = options.preprocessing.store ** 2 * 3;
  const index =
    (await readIndex(folder, fingerprint, record)) ?? (await decodeAll(options, folder, fingerprint, record));
  return await openStore(folder, index, record);
}

async function readIndex(folder: string, fingerprint: string, record: number): Promise<Index | null> {
  try {
    const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Index;
    const { size } = await stat(join(folder, 'images.bin'));
    const fits =
      index.version === 1 && index.fingerprint === fingerprint && size === index.labels.length * record;
    return fits ? index : null;
  } catch {
    return null;
  }
}

async function decodeAll(
  options: PrepareOptions,
  folder: string,
  fingerprint: string,
  record: number,
): Promise<Index> {
  const { files, signal } = options;
  const temporary = `${folder}.${process.pid}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    const images = await open(join(temporary, 'images.bin'), 'w');
    const labels: number[] = [];
    const skipped: SkippedImage[] = [];
    const sum = new Float64Array(record);
    const colours = emptyColourSums();
    try {
      // A sliding window of decodes, written in the files' order.
      const ahead: ReturnType<typeof decodeImage>[] = [];
      for (let next = 0, i = 0; i < files.length; i++) {
        signal?.throwIfAborted();
        while (next < files.length && ahead.length < concurrency) {
          ahead.push(decodeImage((files[next++] as LabelledFile).file, options.preprocessing));
        }
        const decoded = await (ahead.shift() as ReturnType<typeof decodeImage>);
        const { file, label } = files[i] as LabelledFile;
        if ('reason' in decoded) skipped.push({ file, reason: decoded.reason });
        else {
          await images.writeFile(decoded.pixels);
          labels.push(label);
          addColours(colours, decoded.pixels);
          for (let p = 0; p < record; p++) sum[p] = (sum[p] as number) + (decoded.pixels[p] as number);
        }
        options.onProgress?.(i + 1, files.length, skipped.length);
      }
      if (labels.length === 0) throw new AlexNetError('DATA', noneReadable(skipped));
      await images.sync();
    } finally {
      await images.close();
    }
    const index: Index = {
      version: 1,
      fingerprint,
      labels,
      skipped,
      meanColour: colours.first.map((value) => value / colours.pixels),
      colour: principalAxes(covariance(colours)),
    };
    await writeFile(
      join(temporary, 'mean.bin'),
      Float32Array.from(sum, (value) => value / labels.length),
    );
    await writeFile(join(temporary, 'index.json'), JSON.stringify(index));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return index;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw explained(error as NodeJS.ErrnoException, folder);
  }
}

const noneReadable = (skipped: readonly SkippedImage[]): string =>
  `none of the ${skipped.length} images could be read; the first, ${skipped[0]?.file}: ${skipped[0]?.reason}`;

function explained(error: NodeJS.ErrnoException, folder: string): Error {
  if (error.code === 'ENOSPC') {
    return new AlexNetError(
      'DATA',
      `no space left for the decoded images in ${folder}; make room or choose another --out`,
    );
  }
  return error;
}

async function openStore(folder: string, index: Index, record: number): Promise<ImageStore> {
  const file: FileHandle = await open(join(folder, 'images.bin'), 'r');
  const bytes = index.labels.length * record;
  const held = bytes <= memoryLimit ? await file.readFile() : null;
  const mean = await readFile(join(folder, 'mean.bin'));
  return {
    count: index.labels.length,
    labels: index.labels,
    skipped: index.skipped,
    meanImage: new Float32Array(mean.buffer.slice(mean.byteOffset, mean.byteOffset + mean.length)),
    meanColour: index.meanColour,
    colour: index.colour,
    read: async (image, target, offset) => {
      if (held) target.set(held.subarray(image * record, (image + 1) * record), offset);
      else await file.read(target, offset, record, image * record);
    },
    close: async () => await file.close(),
  };
}
