/** Batches of a store: for training in a keyed order with augmentation, for measuring one after the other. */

import type { Seed } from '../../random/philox.js';
import { trainingViews, type Augmenting } from './augment.js';
import { BatchQueue, type Lent } from './batch-queue.js';
import { imageAt } from './permutation.js';
import type { ImageStore, Range } from '../store/types.js';

/** Images of a store: a range of its indices, or a list of them. */
export type Selection = Range | Uint32Array;

export const sizeOf = (images: Selection): number =>
  images instanceof Uint32Array ? images.length : images.end - images.start;

const indexIn = (images: Selection, place: number): number =>
  images instanceof Uint32Array ? (images[place] as number) : images.start + place;

export interface LoaderOptions {
  readonly store: Pick<ImageStore, 'size' | 'labels' | 'colour' | 'decode'>;
  readonly images: Selection;
  readonly batch: number;
  /** Worker threads that decode. */
  readonly threads: number;
  /** Whether the images lie in pinned memory, so that cards copy them directly. */
  readonly pinned: boolean;
}

export interface TrainingOptions extends LoaderOptions {
  readonly seed: Seed;
  /** Side of the network's crops. */
  readonly crop: number;
  readonly augmenting: (epoch: number) => Augmenting;
  /** The first step wanted, and the one behind the last. */
  readonly first: number;
  readonly end?: number;
}

export interface TrainingBatch {
  /** batch × size × size × 3, on shared memory */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** batch × 8 */
  readonly views: Float32Array;
}

/** Batches ready beyond those in use: enough to smooth over a slow read, few enough to cost little memory. */
const depth = 3;
/** Records a worker thread decodes at a time, so that messages are few; fewer where threads would have none. */
const recordsPerTask = (batch: number, threads: number): number =>
  Math.max(1, Math.min(16, Math.floor((depth * batch) / (2 * threads))));

/**
 * The batches of steps `first` … : positions step·batch … in an endless sequence of epochs, each in an order of its own. They depend
 * on the seed and the step alone. Throws AlexNetError DATA for a damaged record, when its batch is asked for.
 */
export function trainingBatches(options: TrainingOptions): BatchQueue<TrainingBatch> {
  const { store, images, batch, seed, crop, augmenting, pinned, first, end } = options;
  const count = sizeOf(images);
  const indexAt = (position: number): number =>
    indexIn(images, imageAt(position % count, count, Math.floor(position / count), seed));
  return new BatchQueue({
    first,
    ...(end !== undefined && { end }),
    depth,
    pinned,
    bytes: batch * store.size ** 2 * 3,
    make: async (step, memory) => {
      const indices = Uint32Array.from({ length: batch }, (_, n) => indexAt(step * batch + n));
      await decodeAll(options, indices, memory);
      const epoch = Math.floor((step * batch) / count);
      return {
        images: memory,
        labels: Int32Array.from(indices, (index) => store.labels[index] ?? -1),
        views: trainingViews(batch, store.size, crop, augmenting(epoch), store.colour, seed, step),
      };
    },
  });
}

export interface OrderedBatch {
  /** batch × size × size × 3, on shared memory; good until the next batch is asked for */
  readonly images: Uint8Array;
  /** -1 in places that are not filled. */
  readonly labels: Int32Array;
  /** Places filled: fewer than the batch has in the last one only. */
  readonly count: number;
}

/** All images in order. Throws AlexNetError DATA for a damaged record, when its batch is asked for. */
export async function* orderedBatches(options: LoaderOptions): AsyncGenerator<OrderedBatch> {
  const { store, images, batch, pinned } = options;
  const total = sizeOf(images);
  await using queue = new BatchQueue<OrderedBatch>({
    first: 0,
    end: Math.ceil(total / batch),
    depth,
    pinned,
    bytes: batch * store.size ** 2 * 3,
    make: async (number, memory) => {
      const start = number * batch;
      const count = Math.min(batch, total - start);
      const indices = Uint32Array.from({ length: count }, (_, n) => indexIn(images, start + n));
      await decodeAll(options, indices, memory);
      const labels = new Int32Array(batch).fill(-1);
      indices.forEach((index, n) => (labels[n] = store.labels[index] ?? -1));
      return { images: memory, labels, count };
    },
  });
  for (let lent: (OrderedBatch & Lent) | undefined; (lent = await queue.next());) {
    yield lent;
    lent.release();
  }
}

/** Settles when no thread writes into `memory` any more, also after a failure. */
async function decodeAll(
  { store, batch, threads }: LoaderOptions,
  indices: Uint32Array,
  memory: Uint8Array,
): Promise<void> {
  const record = store.size ** 2 * 3;
  const most = recordsPerTask(batch, threads);
  const tasks: Promise<void>[] = [];
  for (let start = 0; start < indices.length; start += most) {
    const chosen = indices.subarray(start, start + most);
    tasks.push(store.decode(chosen, memory, start * record));
  }
  const failed = (await Promise.allSettled(tasks)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
