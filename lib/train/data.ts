/** The images of a run: drawn or found, in a store, split, and dealt out in batches. */

import { join } from 'node:path';
import { AlexNetError } from '../errors.js';
import { BatchQueue } from '../data/batches/batch-queue.js';
import { drawDemoSet } from '../data/demo/demo.js';
import { holdOut } from '../data/batches/hold-out.js';
import {
  orderedBatches,
  sizeOf,
  trainingBatches,
  type OrderedBatch,
  type Selection,
  type TrainingBatch,
} from '../data/batches/loader.js';
import { cachedStore, isStore } from '../data/store/cached.js';
import { partsText, some, type Parts } from '../data/sources/parts.js';
import { emptyClasses } from '../data/store/empty-classes.js';
import { checkFits } from '../data/store/fits.js';
import { openStore } from '../data/store/reader.js';
import type { ImageStore } from '../data/store/types.js';
import { warningsOf } from '../data/store/warnings.js';
import type { Preprocessing } from '../graph/graph.js';
import { seedWords } from '../random/philox.js';
import type { Recipe } from '../run/recipe.js';
import type { TrainEvent } from './types.js';

export interface TrainingData extends AsyncDisposable {
  /** By label. */
  readonly classes: readonly string[];
  readonly trainingImages: number;
  readonly validationImages: number;
  /** As the network subtracts it: of the whole image, or of its colours. */
  readonly mean: Float32Array;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly notes: readonly string[];
  /** What was for training and what for validation; null where no names tell. */
  readonly parts: Parts | null;
  /** Worker threads that decode. */
  readonly threads: number;
  /** The batches from step `first` up to before step `end`. */
  training(first: number, end: number): BatchQueue<TrainingBatch>;
  validation(batch: number): AsyncGenerator<OrderedBatch>;
}

export interface DataOptions {
  /** A store, or anything that `prepare` takes; null: the demo set. */
  readonly data: string | null;
  /** Folder of cached stores. */
  readonly cache: string;
  readonly preprocessing: Preprocessing;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Worker threads that decode, at most. */
  readonly threads: number;
  /** Whether the devices are GPUs: they copy batches directly, and leave the CPU to the loader. */
  readonly onCards: boolean;
  /** Whether a class may have no images. */
  readonly allowEmptyClasses?: boolean;
  readonly signal?: AbortSignal;
}

/** Images of each class of the demo set, and the seed of its drawings: it is one set, whatever the run's seed. */
const demo = { training: 150, validation: 40, seed: [2012, 0] as const };
/** Share of the images held out where there are none for validation. */
const heldOut = 0.1;

/** Yields progress while images are drawn and prepared. */
export async function* openData(options: DataOptions): AsyncGenerator<TrainEvent, TrainingData> {
  const { preprocessing, threads, onCards, data } = options;
  const notes: string[] = [];
  const path = data ?? (yield* demoSet(options));
  const folder = isStore(path) ? path : yield* prepared(path, options);
  const store = await openStore(folder, { threads, background: !onCards });
  try {
    checkFits(store, preprocessing);
    return dealing(store, path, await skippedOf(store), notes, options);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

async function* demoSet({ cache, signal }: DataOptions): AsyncGenerator<TrainEvent, string> {
  const folder = join(cache, 'demo-1');
  yield* reportsOf(async (report) => {
    const onProgress = (done: number, total: number): void => report({ kind: 'draw', done, total });
    await drawDemoSet(folder, { ...demo, ...(signal && { signal }), onProgress });
  });
  return folder;
}

async function* prepared(
  path: string,
  { cache, preprocessing, allowEmptyClasses, signal }: DataOptions,
): AsyncGenerator<TrainEvent, string> {
  return yield* reportsOf((report) =>
    cachedStore(path, {
      cache,
      size: preprocessing.store,
      fit: preprocessing.fit,
      ...(allowEmptyClasses && { allowEmptyClasses }),
      ...(signal && { signal }),
      onProgress: (progress) => report({ kind: 'prepare', ...progress }),
      onWaiting: (message) => report({ kind: 'waiting', message }),
    }),
  );
}

const skippedOf = async (store: ImageStore): Promise<{ file: string; reason: string }[]> =>
  store.skipped === 0 ? [] : (await store.skippedItems()).map(({ name, reason }) => ({ file: name, reason }));

function dealing(
  store: ImageStore,
  path: string,
  skipped: TrainingData['skipped'],
  notes: string[],
  { preprocessing, recipe, seed, threads, onCards, allowEmptyClasses }: DataOptions,
): TrainingData {
  const classes = store.classes.map(({ name }) => name);
  if (classes.length < 2)
    throw new AlexNetError('DATA', `${path} has one class, ${classes[0]}; a classifier needs two or more`);
  const { parts = null } = store.source;
  if (parts) notes.push(partsText(parts));
  notes.push(...warningsOf(store));
  noteEmptyClasses(store, path, allowEmptyClasses === true, notes);
  const { training, validation } = split(store, path, seed, notes);
  const common = { store, threads, pinned: onCards };
  const { augmentation } = recipe;
  const { colourUntil = Infinity } = augmentation;
  const queues: BatchQueue<TrainingBatch>[] = [];
  return {
    classes,
    trainingImages: sizeOf(training),
    validationImages: sizeOf(validation),
    mean: preprocessing.mean === 'image' ? store.meanImage : Float32Array.from(store.meanColour),
    skipped,
    notes,
    parts,
    threads,
    training: (first, end) => {
      const queue = trainingBatches({
        ...common,
        images: training,
        batch: recipe.batch,
        seed: seedWords(seed),
        crop: preprocessing.crop,
        augmenting: (epoch) => (epoch >= colourUntil ? { ...augmentation, colour: 0 } : augmentation),
        first,
        end,
      });
      queues.push(queue);
      return queue;
    },
    validation: (batch) => orderedBatches({ ...common, images: validation, batch }),
    [Symbol.asyncDispose]: async () => {
      for (const queue of queues) await queue.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Held out images count in the store's mean and colours: these are measured once, whatever the seed. */
function split(
  { labels, splits: { train, validation } }: ImageStore,
  path: string,
  seed: number,
  notes: string[],
): { training: Selection; validation: Selection } {
  if (validation) return { training: train, validation };
  const { kept, held } = holdOut(labels, train, heldOut, seedWords(seed));
  if (held.length === 0)
    throw new AlexNetError('DATA', `${path} has one image a class; expected two or more, one for validation`);
  notes.push(`no validation images: ${held.length} of the images are held out for validation`);
  return { training: kept, validation: held };
}

/** Held out images leave every class at least one. Throws AlexNetError DATA where a class has none to begin with. */
function noteEmptyClasses(store: ImageStore, path: string, allowed: boolean, notes: string[]): void {
  const { train, validation } = emptyClasses(store);
  if (train.length > 0 && !allowed)
    throw new AlexNetError(
      'DATA',
      `${path}: no image of class ${some(train)} could be read; add some, or --allow-empty-classes`,
    );
  if (train.length > 0) notes.push(`classes without training images: ${some(train)}`);
  if (validation.length > 0) notes.push(`classes without validation images: ${some(validation)}`);
}

/** Turns a callback's reports into events; the consumer sees the newest, not each. */
async function* reportsOf<T>(
  work: (report: (event: TrainEvent) => void) => Promise<T>,
): AsyncGenerator<TrainEvent, T> {
  let latest: TrainEvent | undefined;
  let wake: () => void = () => undefined;
  let finished = false;
  const result = work((event) => {
    latest = event;
    wake();
  }).finally(() => {
    finished = true;
    wake();
  });
  result.catch(() => undefined);
  while (!finished || latest) {
    if (latest) {
      const event = latest;
      latest = undefined;
      yield event;
    } else await new Promise<void>((resolve) => (wake = resolve));
  }
  return await result;
}
