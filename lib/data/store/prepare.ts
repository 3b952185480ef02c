/** A source's images into a store: decoded by worker threads, committed in order by one of its own. */

import { readdir, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { AlexNetError, expected } from '../../errors.js';
import type { FolderLock } from '../../formats/folder-lock.js';
import type { ClassName, Source } from '../sources/types.js';
import { WorkerPool } from '../workers/pool.js';
import { batchOf, chunksOf, chunkTask, inOrder, itemsPerChunk, type ChunkDone, type Item } from './chunks.js';
import { itemsPerTransaction, type StoreOptions } from './format.js';
import { lockStore } from './lock.js';
import { diskError } from './no-space.js';
import type { StoreTasks } from './tasks.js';
import type { RecordOptions } from './types.js';
import { findComplete, removeLeftovers, type Progress } from './writer.js';

export interface PrepareProgress {
  /** The source's items seen, also by earlier runs; of how many, where the source knows. */
  readonly done: number;
  readonly total: number | null;
  /** Of the source. */
  readonly bytesRead: number;
  readonly bytes: number;
  readonly skipped: number;
  /** Of this run. */
  readonly imagesPerSecond: number;
  /** null before anything is known about it. */
  readonly secondsLeft: number | null;
}

export interface PrepareStoreOptions extends Partial<RecordOptions> {
  /** The store's folder: empty, not there yet, or the same store begun by an earlier run. */
  readonly out: string;
  /** Threads that decode; default: as many as the process may keep busy. */
  readonly threads?: number;
  /** Names by label, instead of the source's. */
  readonly classNames?: readonly string[];
  /** Ends the work after what has been stored so far. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

export interface PrepareResult {
  /** The store's folder. */
  readonly path: string;
  /** 'complete': it was there already. 'interrupted': the same call goes on where this one stopped. */
  readonly outcome: 'prepared' | 'complete' | 'interrupted';
  /** The source's items in the store, those skipped among them. */
  readonly items: number;
  readonly skipped: number;
}

/**
 * Makes the store of a source's images, or goes on with it. Defaults: 256 pixels a side (a source of small images: its own),
 * the centre of the image, JPEG of quality 95 (up to 96 pixels a side: raw). Whatever kills it, the same call goes on, and the
 * finished store is the same to the byte. Throws AlexNetError DATA where `out` is something else, in use or on a full disk,
 * and where no image can be used; USAGE for options out of range.
 */
export async function prepareStore(source: Source, options: PrepareStoreOptions): Promise<PrepareResult> {
  const { out } = options;
  const store = storeOptions(source, options);
  try {
    await checkFolder(out);
    const complete = await findComplete(out, store);
    if (complete) return resultOf(out, 'complete', complete);
    await mkdir(out, { recursive: true });
    await using lock = await lockStore(out);
    // Another process may have finished it while this one looked.
    const finished = await findComplete(out, store);
    if (finished) return resultOf(out, 'complete', finished);
    await removeLeftovers(out);
    await using writer = new WorkerPool<StoreTasks>(1);
    const begun = await writer.run('begin', { path: out, options: store });
    const { progress, interrupted } = await fill(source, options, store.record, begun, writer, lock);
    if (interrupted) return resultOf(out, 'interrupted', progress);
    await writer.run('finish', { path: out, progress });
    return resultOf(out, 'prepared', progress);
  } catch (error) {
    throw await diskError(error as Error, out);
  }
}

const resultOf = (
  path: string,
  outcome: PrepareResult['outcome'],
  { items, skipped }: Progress,
): PrepareResult => ({ path, outcome, items, skipped });

/** Up to this side raw records are small enough, and every epoch saves their decoding. */
const rawSide = 96;

function storeOptions(source: Source, options: PrepareStoreOptions): StoreOptions {
  const small = source.native;
  const {
    size = small?.side ?? 256,
    fit = 'crop',
    encoding = size > rawSide ? { kind: 'jpeg', quality: 95 } : { kind: 'raw' },
    allowTruncated = false,
  } = options;
  checkWhole('size', size, 1, 1024);
  if (encoding.kind === 'jpeg') checkWhole('quality', encoding.quality, 1, 100);
  const { kind, path, fingerprint, parts, published } = source;
  return {
    record: { size, fit, encoding, allowTruncated },
    classes: classesOf(source.classes, options.classNames),
    source: { kind, path, fingerprint, ...(parts && { parts }), ...(published && { published }) },
  };
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  expected(`a whole number from ${least} to ${most}`, name, value);
}

function classesOf(
  classes: Source['classes'],
  names: readonly string[] | undefined,
): readonly ClassName[] | null {
  if (!names) return classes;
  if (classes && classes.length !== names.length)
    expected(`${classes.length} class names`, undefined, names.length);
  return names.map((name, label) => ({ ...classes?.[label], name }));
}

/** What a store's folder may hold. */
const known = /^(data\.mdb|lock\.mdb|skipped\.jsonl|prepare\.lock|room)(\.|$)/;

async function checkFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR')
      throw new AlexNetError('DATA', `${folder} is a file; expected a folder for the store`);
    throw error;
  });
  const other = names.find((name) => !known.test(name));
  if (other !== undefined)
    throw new AlexNetError(
      'DATA',
      `${folder} is not a store and not empty (${other}); choose another folder`,
    );
}

/** Stores everything from `from` on; ends before that when interrupted. */
async function fill(
  source: Source,
  options: PrepareStoreOptions,
  record: RecordOptions,
  from: Progress,
  writer: WorkerPool<StoreTasks>,
  lock: FolderLock,
): Promise<{ readonly progress: Progress; readonly interrupted: boolean }> {
  const { out, signal, threads = availableParallelism() } = options;
  checkWhole('threads', threads, 1, 1024);
  await using decoders = new WorkerPool<StoreTasks>(threads);
  const work = async (items: Item[]): Promise<ChunkDone> => {
    const { input, transfer } = chunkTask(items, record);
    return { items, prepared: await decoders.run('prepare', input, transfer) };
  };
  // One transaction is written while the next one's images are decoded.
  let stored = Promise.resolve(from);
  const store = (chunks: readonly ChunkDone[]): void => {
    const batch = batchOf(chunks, record.size);
    const before = stored;
    stored = before.then(async (progress) => {
      await lock.touch();
      const transfer = batch.images.map((image) => image.record.buffer as ArrayBuffer);
      return await writer.run('append', { path: out, progress, batch }, transfer);
    });
    stored.catch(() => undefined);
  };
  const told = new Telling(source, from, options.onProgress);
  const labels = source.classes?.length ?? options.classNames?.length ?? Infinity;
  let waiting: ChunkDone[] = [];
  try {
    for await (const chunk of inOrder(chunksOf(source.items(from.next), labels), 3 * threads, work)) {
      if (signal?.aborted) return { progress: await stored, interrupted: true };
      waiting.push(chunk);
      told.chunk(chunk);
      if (waiting.length * itemsPerChunk < itemsPerTransaction) continue;
      await stored;
      store(waiting);
      waiting = [];
    }
  } catch (error) {
    // Whole transactions stay, so that the store can be gone on with.
    await stored;
    throw error;
  }
  if (waiting.length > 0) store(waiting);
  return { progress: await stored, interrupted: false };
}

/** Reports how it goes. */
class Telling {
  private done: number;
  private skipped: number;
  private readonly started = performance.now();

  constructor(
    private readonly source: Source,
    private readonly from: Progress,
    private readonly onProgress: PrepareStoreOptions['onProgress'],
  ) {
    this.done = from.items;
    this.skipped = from.skipped;
  }

  chunk({ items, prepared }: ChunkDone): void {
    this.done += items.length;
    this.skipped += items.filter((item) => 'reason' in item).length;
    this.skipped += prepared.records.filter((record) => 'reason' in record).length;
    const { images: total, bytes } = this.source;
    const bytesRead = items.at(-1)?.bytesRead ?? 0;
    const seconds = (performance.now() - this.started) / 1000;
    const rate = (this.done - this.from.items) / seconds;
    const byteRate = (bytesRead - this.from.bytesRead) / seconds;
    const secondsLeft = total === null ? (bytes - bytesRead) / byteRate : (total - this.done) / rate;
    this.onProgress?.({
      done: this.done,
      total,
      bytesRead,
      bytes,
      skipped: this.skipped,
      imagesPerSecond: rate,
      secondsLeft: Number.isFinite(secondsLeft) ? Math.max(0, secondsLeft) : null,
    });
  }
}
