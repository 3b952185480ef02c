/** The images of a run: found or drawn, decoded once, split, and dealt out in batches. */

import { join } from 'node:path';
import { AlexNetError } from '../errors.js';
import { drawDemoSet } from '../data/demo.js';
import { listImages, type LabelledFile } from '../data/folder.js';
import { holdOut } from '../data/hold-out.js';
import { orderedBatches, trainingBatch, type TrainingBatch } from '../data/loader.js';
import { prepareStore, type ImageStore, type SkippedImage } from '../data/store.js';
import type { Preprocessing } from '../graph/graph.js';
import { seedWords } from '../random/philox.js';
import type { Recipe } from './recipe.js';
import type { TrainEvent } from './types.js';

export interface TrainingData extends AsyncDisposable {
  readonly classes: readonly string[];
  readonly training: ImageStore;
  readonly validation: ImageStore;
  /** As the network subtracts it: of the whole image, or of its colours. */
  readonly mean: Float32Array;
  readonly skipped: readonly SkippedImage[];
  readonly notes: readonly string[];
  readonly loader: { batch(step: number, epoch: number): Promise<TrainingBatch> };
  validationBatches(batch: number): ReturnType<typeof orderedBatches>;
}

export interface DataOptions {
  /** null: the demo set. */
  readonly data: string | null;
  /** Folder for decoded images. */
  readonly cache: string;
  readonly preprocessing: Preprocessing;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Images of each class of the demo set, and the seed of its drawings: it is one set, whatever the run's seed. */
const demo = { training: 150, validation: 40, seed: [2012, 0] as const };
/** Share of the images held out where there is no val/. */
const heldOut = 0.1;

/** Yields progress while images are drawn and decoded. */
export async function* prepareData(options: DataOptions): AsyncGenerator<TrainEvent, TrainingData> {
  const { preprocessing, recipe, signal, cache } = options;
  const notes: string[] = [];
  let path = options.data;
  if (path === null) {
    path = join(cache, 'demo-1');
    const folder = path;
    const shared = signal ? { signal } : {};
    yield* progressOf((report) =>
      drawDemoSet(folder, { ...demo, ...shared, onProgress: (done, total) => report(done, total, 0) }),
    );
  }
  const listing = await listImages(path);
  if (listing.classes.length < 2) {
    throw new AlexNetError(
      'DATA',
      `${path} has one class, ${listing.classes[0]}; a classifier needs two or more`,
    );
  }
  let { train, validation } = listing;
  if (!validation) {
    ({ kept: train, held: validation } = holdOut(train, heldOut, seedWords(options.seed)));
    notes.push(`no val/ folder: ${validation.length} of the images are held out for validation`);
  }
  const prepare = (files: readonly LabelledFile[]) =>
    progressOf((report) =>
      prepareStore({ files, preprocessing, cache, onProgress: report, ...(signal && { signal }) }),
    );
  const training = yield* prepare(train);
  const held = yield* prepare(validation);
  const { classes } = listing;
  for (const [label, name] of classes.entries()) {
    if (!training.labels.includes(label))
      throw new AlexNetError('DATA', `${path}: no image of class ${name} could be read`);
  }
  const skipped = [...training.skipped, ...held.skipped];
  const loader = { batch: recipe.batch, seed: seedWords(options.seed), preprocessing };
  return {
    classes,
    training,
    validation: held,
    mean: preprocessing.mean === 'image' ? training.meanImage : Float32Array.from(training.meanColour),
    skipped,
    notes,
    loader: {
      batch: async (step, epoch) => {
        const { augmentation } = recipe;
        const over = augmentation.colourUntil !== undefined && epoch >= augmentation.colourUntil;
        return await trainingBatch(
          training,
          loader,
          over ? { ...augmentation, colour: 0 } : augmentation,
          step,
        );
      },
    },
    validationBatches: (batch) => orderedBatches(held, batch, preprocessing),
    [Symbol.asyncDispose]: async () => {
      await training.close();
      await held.close();
    },
  };
}

type Report = (done: number, total: number, skipped: number) => void;

/** Turns a callback's reports into events; the consumer sees the newest, not each. */
async function* progressOf<T>(work: (report: Report) => Promise<T>): AsyncGenerator<TrainEvent, T> {
  let latest: TrainEvent | undefined;
  let wake: () => void = () => undefined;
  let finished = false;
  const result = work((done, total, skipped) => {
    latest = { kind: 'prepare', done, total, skipped };
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
