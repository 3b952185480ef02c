/**
 * The store's side of preparing: begin, append a transaction's worth again and again, finish. Everything between two
 * transactions is on disk, so whoever calls may be killed at any moment and begin again.
 */

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AlexNetError } from '../../errors.js';
import { covariance, meanColour, principalAxes, type ColourSums, type PixelSums } from '../colour.js';
import type { ClassName, Position, Split } from '../sources/types.js';
import { openForReading, openForWriting, type Databases } from './database.js';
import { checksumsOf } from './checksums.js';
import { scan } from './digest.js';
import { isTemporary } from './guards.js';
import { checkSame } from './same.js';
import { writeSkipped } from './skipped.js';
import {
  alignedCopy,
  bytesOf,
  dataFile,
  decodeJson,
  encodeEntry,
  encodeJson,
  version,
  type About,
  type Complete,
  type StoreOptions,
} from './format.js';
import type { SkippedItem } from './types.js';

/** How far preparing has come. */
export interface Progress {
  /** Where the source goes on; null: at its beginning. */
  readonly next: Position;
  /** The source's items seen. */
  readonly items: number;
  readonly train: number;
  readonly validation: number;
  readonly skipped: number;
  /** Of the source. */
  readonly bytesRead: number;
  /** In records. */
  readonly recordBytes: number;
}

export interface NewImage {
  readonly name: string;
  readonly label: number;
  readonly split: Split;
  readonly record: Uint8Array;
  /** CRC-32 of the record. */
  readonly checksum: number;
}

/** Consecutive items of the source, as many as a transaction holds unless they are the last. */
export interface ItemBatch {
  readonly images: readonly NewImage[];
  readonly skipped: readonly SkippedItem[];
  /** Of the training images among them. */
  readonly sums: PixelSums | null;
  readonly items: number;
  /** After these items. */
  readonly next: Position;
  readonly bytesRead: number;
}

/** state/progress */
interface State extends Progress {
  /** Over the training images: r, g, b, rr, rg, rb, gg, gb, bb, in decimal. */
  readonly colour: readonly string[];
}

const start: State = {
  next: null,
  items: 0,
  train: 0,
  validation: 0,
  skipped: 0,
  bytesRead: 0,
  recordBytes: 0,
  colour: Array<string>(9).fill('0'),
};

/** Twice what the records and their pages take, and more than a transaction adds; the same whenever as much is stored. */
const mapSize = ({ recordBytes, train, validation }: Progress): number =>
  2 ** 33 * (1 + Math.floor((recordBytes + 8192 * (train + validation)) / 2 ** 32));

/** What a store that is complete holds; null where there is none yet. Throws AlexNetError DATA where it is another store. */
export async function findComplete(folder: string, options: StoreOptions): Promise<Progress | null> {
  if (await isStub(folder)) return null;
  // Read-only: a process may have it open for reading meanwhile, or not the right to more.
  const databases = await openForReading(folder);
  if (!databases) return null;
  try {
    if (!databases.about.get('complete')) return null;
    checkSame(folder, decodeJson(databases.about.get('store') as Buffer) as About, options);
    return progressOf(databases);
  } finally {
    await databases.root.close();
  }
}

/**
 * Makes the folder a store, or finds out how far the one in it has come. Throws AlexNetError DATA where it is a store of
 * something else, or not a store.
 */
export async function begin(folder: string, options: StoreOptions): Promise<Progress> {
  const databases = await openForWriting(folder, mapSize(start));
  try {
    const found = databases.about.get('store');
    if (found) {
      const begun = decodeJson(found) as About;
      const now = allowsMore(begun, options, databases)
        ? { ...begun, record: { ...begun.record, allowTruncated: true } }
        : begun;
      checkSame(folder, now, options);
      if (now !== begun)
        databases.root.transactionSync(() => databases.about.putSync('store', encodeJson(now)));
    } else {
      const about: About = { version, ...options };
      databases.root.transactionSync(() => {
        databases.about.putSync('store', encodeJson(about));
        databases.state.putSync('progress', encodeJson(start));
        databases.state.putSync('mean', bytesOf(new Float64Array(options.record.size ** 2 * 3)));
      });
    }
    return progressOf(databases);
  } finally {
    await databases.root.close();
  }
}

/**
 * Whether truncated images are allowed from now on and none was skipped so far: the store is as if they had been from the
 * beginning. So a preparation that failed at a damaged archive can be told to go on without the rest of it.
 */
function allowsMore(begun: About, now: StoreOptions, { about, skipped }: Databases): boolean {
  if (begun.record.allowTruncated || !now.record.allowTruncated || about.get('complete')) return false;
  for (const { value } of skipped.getRange({ snapshot: false }))
    if ((decodeJson(value) as SkippedItem).reason.includes('cut short')) return false;
  return true;
}

/** Whether there is no data.mdb, or one without its first pages, which a full disk did not take. */
async function isStub(folder: string): Promise<boolean> {
  const found = await stat(dataFile(folder)).catch(() => null);
  return !found || found.size < 8192;
}

/** Removes what a killed process left unfinished beside the data, and a data.mdb in which nothing was kept yet. */
export async function removeLeftovers(folder: string): Promise<void> {
  if (await isStub(folder)) await rm(dataFile(folder), { force: true });
  for (const name of await readdir(folder)) {
    if (isTemporary(name)) await rm(join(folder, name), { force: true });
  }
}

function progressOf(databases: Databases): Progress {
  const { colour: _, ...progress } = stateOf(databases);
  return progress;
}

const stateOf = ({ state }: Databases): State => decodeJson(state.get('progress') as Buffer) as State;

/** Stores a batch, which must follow what is stored; `progress` is what was there. In one transaction. */
export async function append(folder: string, progress: Progress, batch: ItemBatch): Promise<Progress> {
  const databases = await openForWriting(folder, mapSize(progress));
  const { root, images, entries, skipped, state } = databases;
  try {
    return root.transactionSync(() => {
      const before = stateOf(databases);
      if (before.items !== progress.items)
        throw new AlexNetError('DATA', `${folder} was written to by another process meanwhile`);
      let index = before.train + before.validation;
      let recordBytes = 0;
      for (const { record, ...entry } of batch.images) {
        images.putSync(index, asBuffer(record), { append: true });
        entries.putSync(index, encodeEntry({ ...entry, length: record.length }), { append: true });
        recordBytes += record.length;
        index++;
      }
      for (const [i, item] of batch.skipped.entries()) skipped.putSync(before.skipped + i, encodeJson(item));
      if (batch.sums) state.putSync('mean', addedMean(state.get('mean') as Buffer, batch.sums.mean));
      const train = batch.images.filter(({ split }) => split === 'train').length;
      const after: State = {
        next: batch.next,
        items: before.items + batch.items,
        train: before.train + train,
        validation: before.validation + batch.images.length - train,
        skipped: before.skipped + batch.skipped.length,
        bytesRead: batch.bytesRead,
        recordBytes: before.recordBytes + recordBytes,
        colour: before.colour.map((sum, i) => String(BigInt(sum) + (batch.sums?.colour[i] ?? 0n))),
      };
      state.putSync('progress', encodeJson(after));
      const { colour: _, ...told } = after;
      return told;
    });
  } finally {
    await root.close();
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function addedMean(stored: Buffer, more: Uint32Array): Buffer {
  const sums = new Float64Array(alignedCopy(stored));
  for (let p = 0; p < sums.length; p++) sums[p] = (sums[p] as number) + (more[p] as number);
  return bytesOf(sums);
}

/**
 * Measures, lists what was skipped, and marks the store complete. Throws AlexNetError DATA where not one training image is
 * in it.
 */
export async function finish(folder: string, progress: Progress): Promise<void> {
  const databases = await openForWriting(folder, mapSize(progress));
  const { root, about, state } = databases;
  try {
    const found = stateOf(databases);
    if (found.train === 0) throw new AlexNetError('DATA', noneToTrainOn(folder, databases, found));
    const store = Buffer.from(about.get('store') as Buffer);
    const options = decodeJson(store) as About;
    const { labels, digest } = scan(databases, found.train + found.validation);
    const sums = new Float64Array(alignedCopy(state.get('mean') as Buffer));
    const mean = bytesOf(Float32Array.from(sums, (sum) => sum / found.train));
    const colours = colourSums(found, options.record.size);
    const matrix = covariance(colours);
    const complete: Complete = {
      classes: options.classes ?? numbered(labels),
      train: found.train,
      validation: found.validation,
      skipped: found.skipped,
      meanColour: meanColour(colours),
      covariance: matrix,
      ...principalAxes(matrix),
      digest,
      meanChecksum: crc32(mean),
      labelsChecksum: crc32(bytesOf(labels)),
    };
    const described = encodeJson(complete);
    await writeSkipped(folder, databases.skipped);
    root.transactionSync(() => {
      state.removeSync('mean');
      about.putSync('mean', mean);
      about.putSync('labels', bytesOf(labels));
      about.putSync('checksums', encodeJson(checksumsOf(store, described)));
      about.putSync('complete', described);
    });
  } finally {
    await root.close();
  }
}

function noneToTrainOn(folder: string, { skipped }: Databases, { skipped: count }: Progress): string {
  const first = skipped.get(0);
  if (!first) return `there are no training images to put into ${folder}`;
  const { name, reason } = decodeJson(first) as SkippedItem;
  return `none of the training images could be used: ${count} skipped; the first, ${name}: ${reason}`;
}

function colourSums({ colour, train }: State, size: number): ColourSums {
  const sums = colour.map(BigInt);
  return { pixels: BigInt(train) * BigInt(size) ** 2n, first: sums.slice(0, 3), second: sums.slice(3) };
}

const numbered = (labels: Int32Array): ClassName[] => {
  const last = labels.reduce((most, label) => Math.max(most, label), 0);
  return Array.from({ length: last + 1 }, (_, label) => ({ name: `class ${label}` }));
};
