/** A set of decoded images, so that later epochs and later runs do not decode again. */

import { createHash } from 'node:crypto';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AlexNetError } from '../errors.js';
import type { ColourAxes } from './colour.js';
import { prepareFolder, type PrepareOptions } from './prepare.js';
import { imagesFile, readStoreFiles, type SkippedImage, type StoreIndex } from './store-files.js';

export type { PrepareOptions } from './prepare.js';
export type { SkippedImage } from './store-files.js';

export interface ImageStore {
  readonly count: number;
  /** Where each image came from. */
  readonly files: readonly string[];
  readonly labels: readonly number[];
  readonly skipped: readonly SkippedImage[];
  /** store × store × 3: each pixel's mean over the images, grey levels. */
  readonly meanImage: Float32Array;
  /** Red, green, blue. */
  readonly meanColour: readonly number[];
  readonly colour: ColourAxes;
  /**
   * Copies an image's store × store × 3 bytes into `target` at `offset`. Throws AlexNetError DATA where the disk gives back
   * other bytes than were written.
   */
  read(index: number, target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Stores up to this size are held in memory; a larger one is read from its file. */
const memoryLimit = 2 ** 30;

/**
 * Opens the decoded images of `files`, decoding them first where no earlier run has. Images that cannot be read are skipped
 * and listed. Throws AlexNetError DATA where none is left.
 */
export async function prepareStore(options: PrepareOptions, held = memoryLimit): Promise<ImageStore> {
  const fingerprint = await fingerprintOf(options);
  const folder = join(options.cache, fingerprint.slice(0, 16));
  const record = options.preprocessing.store ** 2 * 3;
  const whole = async (): Promise<ImageStore | null> => await openStore(folder, fingerprint, record, held);
  const opened = await whole();
  if (opened) return opened;
  await prepareFolder(folder, fingerprint, options, async () => {
    const other = await whole();
    await other?.close();
    return other !== null;
  });
  const prepared = await whole();
  if (!prepared)
    throw new AlexNetError('DATA', `${folder}: the disk does not give back what was written to it`);
  return prepared;
}

/** Files whose size and date are asked for at once. */
const atOnce = 64;

/** Changes with the images, their sizes and dates, and how they are prepared. */
async function fingerprintOf({ files, preprocessing, signal }: PrepareOptions): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([preprocessing.store, preprocessing.fit]));
  for (let start = 0; start < files.length; start += atOnce) {
    signal?.throwIfAborted();
    const some = files.slice(start, start + atOnce).map(async ({ file, label }) => {
      const found = await stat(file).catch(() => null);
      return JSON.stringify([file, label, found?.size, found?.mtimeMs]);
    });
    for (const line of await Promise.all(some)) hash.update(line);
  }
  return hash.digest('hex');
}

/** null where the folder has no whole store of these images. */
async function openStore(
  folder: string,
  fingerprint: string,
  record: number,
  limit: number,
): Promise<ImageStore | null> {
  const found = await readStoreFiles(folder, fingerprint, record);
  if (!found) return null;
  const { index, meanImage } = found;
  const { files, labels, skipped, meanColour, colour } = index;
  const records =
    labels.length * record <= limit
      ? await inMemory(folder, index, record)
      : inFile(folder, await open(imagesFile(folder), 'r'), index, record);
  return (
    records && { count: labels.length, files, labels, skipped, meanImage, meanColour, colour, ...records }
  );
}

const done = Promise.resolve();

type Records = Pick<ImageStore, 'read' | 'close'>;

/** null where an image is damaged: it can still be decoded again. */
async function inMemory(folder: string, { checksums }: StoreIndex, record: number): Promise<Records | null> {
  const bytes = await readFile(imagesFile(folder));
  const image = (index: number): Uint8Array => bytes.subarray(index * record, (index + 1) * record);
  if (!checksums.every((sum, index) => crc32(image(index)) === sum)) return null;
  return {
    read: (index, target, offset) => {
      target.set(image(index), offset);
      return done;
    },
    close: () => done,
  };
}

function inFile(folder: string, file: FileHandle, { checksums }: StoreIndex, record: number): Records {
  // Each image's bytes are checked the first time they are read.
  const checked = new Uint8Array(checksums.length);
  return {
    read: async (index, target, offset) => {
      const { bytesRead } = await file.read(target, offset, record, index * record);
      if (bytesRead === record && checked[index] === 1) return;
      if (bytesRead < record || crc32(target.subarray(offset, offset + record)) !== checksums[index]) {
        throw new AlexNetError('DATA', `${folder} is damaged at image ${index}; remove it and run again`);
      }
      checked[index] = 1;
    },
    close: async () => await file.close(),
  };
}
