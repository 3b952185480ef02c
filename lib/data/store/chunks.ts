/** A source's items on their way into a store: cut into chunks, processed in parallel, put back in order. */

import { AlexNetError } from '../../errors.js';
import type { Position, Refused, SourceImage } from '../sources/types.js';
import type { PrepareChunk, PreparedChunk } from './tasks.js';
import type { ItemBatch, NewImage } from './writer.js';
import type { RecordOptions, SkippedItem } from './types.js';

export type Item = SourceImage | (Refused & { readonly next: Position; readonly bytesRead: number });

/** Few enough that the last ones do not keep a single thread busy, many enough for one message each way. */
export const itemsPerChunk = 64;

/**
 * Consecutive items; the last chunk may be shorter. Images whose label is not below `labels` are refused. Throws AlexNetError
 * DATA where a training image comes after one for validation: a store keeps either in one piece.
 */
export async function* chunksOf(items: AsyncGenerator<Item>, labels: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  let validating = false;
  for await (const item of items) {
    const training = isImage(item) && item.split === 'train';
    if (training && validating)
      throw new AlexNetError('DATA', `${item.name}: a training image after the validation images`);
    validating ||= isImage(item) && !training;
    chunk.push(withLabelBelow(labels, item));
    if (chunk.length < itemsPerChunk) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function withLabelBelow(labels: number, item: Item): Item {
  if (!isImage(item)) return item;
  const { name, label, next, bytesRead } = item;
  if (Number.isInteger(label) && label >= 0 && label < labels) return item;
  return { name, reason: `there is no class for its label ${label}`, next, bytesRead };
}

/** What `work` makes of each item, in their order, `window` of them under way at once. Where `items` fails, after those before. */
export async function* inOrder<T, R>(
  items: AsyncGenerator<T>,
  window: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  const nextItem = async (): Promise<IteratorResult<T>> => {
    try {
      return await items.next();
    } catch (error) {
      failure = { error };
      return { done: true, value: undefined };
    }
  };
  try {
    for (;;) {
      while (!ended && underWay.length < window) {
        const next = await nextItem();
        if (next.done) {
          ended = true;
          break;
        }
        const result = work(next.value);
        // Awaited in its turn, or never when one before it has failed.
        result.catch(() => undefined);
        underWay.push(result);
      }
      const first = underWay.shift();
      if (!first) {
        if (failure) throw failure.error;
        return;
      }
      yield await first;
    }
  } finally {
    await items.return(undefined);
  }
}

const isImage = (item: Item): item is SourceImage => 'content' in item;

/** What a worker thread is to do about a chunk, and the memory to be moved to it. */
export function chunkTask(
  items: readonly Item[],
  record: RecordOptions,
): { readonly input: PrepareChunk; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const movable = (bytes: Uint8Array): Uint8Array => {
    // A part of a larger buffer would take all of it along.
    const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    if (own.buffer instanceof ArrayBuffer) transfer.push(own.buffer);
    return own;
  };
  const images = items.filter(isImage).map(({ content, split }) => ({
    measured: split === 'train',
    content:
      'bytes' in content
        ? { bytes: movable(content.bytes) }
        : 'pixels' in content
          ? { ...content, pixels: movable(content.pixels) }
          : content,
  }));
  return { input: { record, images }, transfer };
}

export interface ChunkDone {
  readonly items: readonly Item[];
  readonly prepared: PreparedChunk;
}

/** Chunks as one transaction's worth. */
export function batchOf(chunks: readonly ChunkDone[], size: number): ItemBatch {
  const images: NewImage[] = [];
  const skipped: SkippedItem[] = [];
  for (const { items, prepared } of chunks) {
    let done = 0;
    for (const item of items) {
      const { name } = item;
      const record = isImage(item) ? prepared.records[done++] : item;
      if (!record) continue;
      if ('reason' in record) skipped.push({ name, reason: record.reason });
      else if (isImage(item)) images.push({ name, label: item.label, split: item.split, ...record });
    }
  }
  const last = chunks.at(-1)?.items.at(-1);
  return {
    images,
    skipped,
    sums: totalOf(chunks, size),
    items: chunks.reduce((sum, { items }) => sum + items.length, 0),
    next: last?.next ?? null,
    bytesRead: last?.bytesRead ?? 0,
  };
}

function totalOf(chunks: readonly ChunkDone[], size: number): ItemBatch['sums'] {
  const mean = new Uint32Array(size ** 2 * 3);
  const colour = new BigUint64Array(9);
  let images = 0;
  for (const { prepared } of chunks) {
    if (!prepared.sums) continue;
    const { sums } = prepared;
    images += sums.images;
    for (let p = 0; p < mean.length; p++) mean[p] = (mean[p] as number) + (sums.mean[p] as number);
    for (let k = 0; k < 9; k++) colour[k] = (colour[k] as bigint) + (sums.colour[k] as bigint);
  }
  return images > 0 ? { images, mean, colour } : null;
}
