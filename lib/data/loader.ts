/** Batches of a store: for training in a keyed order with augmentation, for validation one after the other. */

import type { Seed } from '../plan/commands.js';
import type { Preprocessing } from '../graph/graph.js';
import { trainingViews, type Augmenting } from './augment.js';
import { imageAt } from './permutation.js';
import type { ImageStore } from './store.js';

export interface TrainingBatch {
  /** batch × store × store × 3 */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** batch × 8 */
  readonly views: Float32Array;
}

export interface LoaderOptions {
  readonly batch: number;
  readonly seed: Seed;
  readonly preprocessing: Pick<Preprocessing, 'store' | 'crop'>;
}

/** The batch of a step: positions step·batch … of an endless row of epochs, each in an order of its own. */
export async function trainingBatch(
  store: ImageStore,
  options: LoaderOptions,
  augmenting: Augmenting,
  step: number,
): Promise<TrainingBatch> {
  const { batch, seed, preprocessing } = options;
  const record = preprocessing.store ** 2 * 3;
  const images = new Uint8Array(batch * record);
  const labels = new Int32Array(batch);
  const reading: Promise<void>[] = [];
  for (let n = 0; n < batch; n++) {
    const position = step * batch + n;
    const index = imageAt(position % store.count, store.count, Math.floor(position / store.count), seed);
    labels[n] = store.labels[index] ?? -1;
    reading.push(store.read(index, images, n * record));
  }
  await Promise.all(reading);
  const views = trainingViews(
    batch,
    preprocessing.store,
    preprocessing.crop,
    augmenting,
    store.colour,
    seed,
    step,
  );
  return { images, labels, views };
}

export interface OrderedBatch {
  /** batch × store × store × 3 */
  readonly images: Uint8Array;
  /** -1 in places that are not filled. */
  readonly labels: Int32Array;
  /** Places filled: fewer than the batch has in the last one only. */
  readonly count: number;
}

/** All images in order, each batch read while the one before it is in use. */
export async function* orderedBatches(
  store: ImageStore,
  batch: number,
  preprocessing: Pick<Preprocessing, 'store'>,
): AsyncGenerator<OrderedBatch> {
  const record = preprocessing.store ** 2 * 3;
  const read = async (start: number): Promise<OrderedBatch> => {
    const count = Math.min(batch, store.count - start);
    const images = new Uint8Array(batch * record);
    const labels = new Int32Array(batch).fill(-1);
    const reading: Promise<void>[] = [];
    for (let n = 0; n < count; n++) {
      labels[n] = store.labels[start + n] ?? -1;
      reading.push(store.read(start + n, images, n * record));
    }
    await Promise.all(reading);
    return { images, labels, count };
  };
  let next = read(0);
  for (let start = 0; start < store.count; start += batch) {
    const current = await next;
    if (start + batch < store.count) {
      next = read(start + batch);
      // Awaited in the next round; a failure of a batch that is no longer wanted is nobody's concern.
      next.catch(() => undefined);
    }
    yield current;
  }
}
