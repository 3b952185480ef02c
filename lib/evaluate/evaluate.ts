/** Error rates of a network on a store or on a folder of images. */

import { loaderThreads } from '../data/batches/loader-threads.js';
import { orderedBatches, sizeOf } from '../data/batches/loader.js';
import { openSource } from '../data/sources/source.js';
import type { Split } from '../data/sources/types.js';
import { checkFits } from '../data/store/fits.js';
import { openStore } from '../data/store/reader.js';
import { AlexNetError } from '../errors.js';
import { shellWord } from '../shell-word.js';
import type { Network } from '../runtime/network.js';
import type { ErrorRates } from '../run/training-state.js';
import { averaged, probabilitiesOf } from './averaged.js';
import { decodedBatches } from './batches.js';
import { ErrorCounter, rankOf } from './error-rates.js';

export interface EvaluateOptions {
  /** Which images; default: those for validation where there are some, else those for training. */
  readonly split?: Split;
  /** 1: the centre crop. 10: the paper's ten patches, their probabilities averaged. */
  readonly views?: 1 | 10;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: 'evaluate'; done: number; total: number }) => void;
}

export interface Skipped {
  readonly file: string;
  readonly reason: string;
}

export interface Evaluation extends ErrorRates {
  readonly skipped: readonly Skipped[];
}

/** `classes`: the network's, by label. Throws AlexNetError DATA where the images cannot be used. */
export async function evaluateFolder(
  network: Network,
  classes: readonly string[],
  data: string,
  { split, views = 1, signal, onProgress }: EvaluateOptions,
): Promise<Evaluation> {
  const { names, images } = await labelledFiles(data, split);
  const labels = labelsOf(names, classes, data);
  const counter = new ErrorCounter();
  const skipped: Skipped[] = [];
  let done = 0;
  const fail = (index: number, reason: string): void => {
    skipped.push({ file: images[index]?.file ?? '', reason });
  };
  const sources = images.map(({ file }) => file);
  const batches = decodedBatches(sources, network.batch, network.options.preprocessing, fail, signal);
  for await (const { indices, probabilities } of averaged(network, batches, views)) {
    for (const [n, index] of indices.entries())
      count(counter, probabilitiesOf(network, probabilities, n), labels[images[index]?.label ?? -1]);
    done += indices.length;
    onProgress?.({ stage: 'evaluate', done: done + skipped.length, total: images.length });
  }
  if (done === 0)
    throw new AlexNetError('DATA', `${data}: none of the ${images.length} images could be read`);
  return { ...counter.rates(), skipped };
}

interface LabelledFile {
  readonly file: string;
  /** Index into the folder's classes. */
  readonly label: number;
}

async function labelledFiles(
  data: string,
  wanted: Split | undefined,
): Promise<{ readonly names: readonly string[]; readonly images: readonly LabelledFile[] }> {
  // Classes are matched by name: those without images take nothing from the others.
  await using source = await openSource(data, { allowEmptyClasses: true });
  if (source.kind !== 'folder') {
    const store = `${data.replace(/(?:\.tar|\.bin|\/+)$/, '')}.store`;
    throw new AlexNetError(
      'DATA',
      `${data} is neither a folder of class folders nor a store; make a store of it first: ` +
        `alexnet-native prepare ${shellWord(data)} --out ${shellWord(store)}`,
    );
  }
  const images: Record<Split, LabelledFile[]> = { train: [], validation: [] };
  for await (const item of source.items(null)) {
    if ('content' in item && 'file' in item.content)
      images[item.split].push({ file: item.content.file, label: item.label });
  }
  const split = wanted ?? (images.validation.length > 0 ? 'validation' : 'train');
  if (images[split].length === 0)
    throw new AlexNetError('DATA', `${data} has no images for validation; expected a folder val/`);
  return { names: (source.classes ?? []).map(({ name }) => name), images: images[split] };
}

/** As `evaluateFolder`, of a store's images as they lie there. */
export async function evaluateStore(
  network: Network,
  classes: readonly string[],
  data: string,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { onCards, batch } = network;
  const threads = loaderThreads(onCards);
  await using store = await openStore(data, { threads, background: !onCards });
  checkFits(store, network.options.preprocessing);
  const { split = store.splits.validation ? 'validation' : 'train', views = 1, signal, onProgress } = options;
  const images = store.splits[split];
  if (!images || sizeOf(images) === 0)
    throw new AlexNetError('DATA', `${data} has no images for ${split === 'train' ? 'training' : split}`);
  const names = store.classes.map(({ name }) => name);
  const labels = labelsOf(names, classes, data);
  const counter = new ErrorCounter();
  let done = 0;
  const batches = orderedBatches({ store, images, batch, threads, pinned: onCards });
  for await (const found of averaged(network, batches, views)) {
    signal?.throwIfAborted();
    for (let n = 0; n < found.count; n++)
      count(counter, probabilitiesOf(network, found.probabilities, n), labels[found.labels[n] ?? -1]);
    done += found.count;
    onProgress?.({ stage: 'evaluate', done, total: sizeOf(images) });
  }
  const skipped = (await store.skippedItems()).map(({ name, reason }) => ({ file: name, reason }));
  return { ...counter.rates(), skipped };
}

function count(counter: ErrorCounter, probabilities: Float64Array, label = -1): void {
  counter.add(-Math.log(probabilities[label] ?? Number.NaN), rankOf(probabilities, label));
}

/** The network's label of each class. Names need not differ where all are the network's, in its order. */
function labelsOf(names: readonly string[], classes: readonly string[], data: string): number[] {
  if (names.length === classes.length && names.every((name, label) => name === classes[label]))
    return names.map((_, label) => label);
  return names.map((name) => {
    const label = classes.indexOf(name);
    if (label >= 0 && label === classes.lastIndexOf(name)) return label;
    if (label >= 0)
      throw new AlexNetError(
        'DATA',
        `${data}: the model has several classes named ${name}; expected all of its ${classes.length} classes in its order`,
      );
    const known = classes.slice(0, 5).join(', ') + (classes.length > 5 ? ', …' : '');
    throw new AlexNetError(
      'DATA',
      `${data}: the model has no class ${name}; it knows ${classes.length}: ${known}`,
    );
  });
}
