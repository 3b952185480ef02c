/** A trained network ready for use: evaluate, classify, embed. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { AlexNetError } from './errors.js';
import { listImages } from './data/folder.js';
import type { ImageSource } from './data/decode.js';
import { evaluationViews } from './data/views.js';
import { decodedBatches, viewRows } from './evaluate/batches.js';
import { ErrorCounter, rankOf } from './evaluate/error-rates.js';
import { preset } from './graph/presets.js';
import type { Graph, Preprocessing } from './graph/graph.js';
import { classCount } from './graph/shapes.js';
import { seedWords } from './random/philox.js';
import { chooseDevices, type DeviceChoice } from './runtime/choose.js';
import { Network } from './runtime/network.js';
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from './train/checkpoint.js';
import { initialise } from './train/initialise.js';
import type { Initialisation } from './train/recipe.js';
import { existingCheckpoint } from './train/run-folder.js';
import type { ErrorRates } from './train/types.js';

export interface DeviceOptions extends DeviceChoice {
  /** Images a run of the devices takes at once; default 32. */
  readonly batch?: number;
}

export interface Skipped {
  readonly file: string;
  readonly reason: string;
}

export interface Evaluation extends ErrorRates {
  readonly skipped: readonly Skipped[];
}

export interface Classification {
  readonly image: string;
  /** Most probable first. Absent when the image could not be read. */
  readonly predictions?: readonly { readonly label: string; readonly probability: number }[];
  readonly error?: string;
}

export interface Embedding {
  readonly image: string;
  /** What the classifier reads: fc7's 4096 activations in the paper's network, times 0.5 where dropout stood. */
  readonly features?: Float32Array;
  readonly error?: string;
}

export interface EvaluateOptions {
  /** 1: the centre crop. 10: the paper's ten patches, their probabilities averaged. */
  readonly views?: 1 | 10;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: 'evaluate'; done: number; total: number }) => void;
}

export interface ClassifyOptions {
  /** How many predictions an image; default 5. */
  readonly top?: number;
  readonly views?: 1 | 10;
  readonly signal?: AbortSignal;
}

const defaultBatch = 32;

export class Model implements AsyncDisposable {
  private constructor(
    private readonly network: Network,
    readonly classes: readonly string[],
    private readonly mean: Float32Array,
  ) {}

  static async open(
    description: {
      graph: Graph;
      preprocessing: Preprocessing;
      classes: readonly string[];
      mean: Float32Array;
    },
    options: DeviceOptions,
    fill: (network: Network) => void | Promise<void>,
  ): Promise<Model> {
    const { graph, preprocessing, classes, mean } = description;
    if (classCount(graph) !== classes.length) {
      throw new AlexNetError(
        'CHECKPOINT',
        `the network tells ${classCount(graph)} classes apart, but ${classes.length} are named`,
      );
    }
    const batch = options.batch ?? defaultBatch;
    if (!Number.isInteger(batch) || batch < 1) {
      throw new AlexNetError('USAGE', `expected a positive whole number for batch, received ${batch}`);
    }
    const { devices, precision, note } = await chooseDevices(options);
    if (note !== undefined) process.emitWarning(note, 'AlexNetWarning');
    const network = Network.open({ graph, preprocessing, devices, precision, batch });
    try {
      network.setMean(mean);
      await fill(network);
    } catch (error) {
      network.close();
      throw error;
    }
    return new Model(network, classes, mean);
  }

  get graph(): Graph {
    return this.network.options.graph;
  }

  get preprocessing(): Preprocessing {
    return this.network.options.preprocessing;
  }

  /** Whole-model tensors by name ('conv1.weight', …), weights as O×I×H×W, copied out of the devices. */
  parameters(): Map<string, Float32Array> {
    return this.network.parameters();
  }

  async save(path: string): Promise<void> {
    const { graph, preprocessing } = this;
    await saveCheckpoint(path, {
      graph,
      preprocessing,
      classes: this.classes,
      mean: this.mean,
      parameters: this.parameters(),
    });
  }

  /** Error rates on a folder of class folders (its val/ where it has one). Class names have to be the model's. */
  async evaluate(data: string, options: EvaluateOptions = {}): Promise<Evaluation> {
    const listing = await listImages(data);
    const images = listing.validation ?? listing.train;
    const labels = this.labelsOf(listing.classes, data);
    const counter = new ErrorCounter();
    const skipped: Skipped[] = [];
    let done = 0;
    const fail = (index: number, reason: string): void => {
      skipped.push({ file: images[index]?.file ?? '', reason });
    };
    const sources = images.map(({ file }) => file);
    for await (const { index, probabilities } of this.probabilities(
      sources,
      options.views ?? 1,
      fail,
      options.signal,
    )) {
      const label = labels[images[index]?.label ?? -1] ?? -1;
      counter.add(-Math.log(probabilities[label] ?? Number.NaN), rankOf(probabilities, label));
      done++;
      options.onProgress?.({ stage: 'evaluate', done: done + skipped.length, total: images.length });
    }
    if (done === 0)
      throw new AlexNetError('DATA', `${data}: none of the ${images.length} images could be read`);
    return { ...counter.rates(), skipped };
  }

  /** The likeliest classes of each image; an image that cannot be read has an error instead and stops nothing. */
  async classify(images: readonly ImageSource[], options: ClassifyOptions = {}): Promise<Classification[]> {
    const top = options.top ?? 5;
    if (!Number.isInteger(top) || top < 1) {
      throw new AlexNetError('USAGE', `expected a positive whole number for top, received ${top}`);
    }
    const results: Classification[] = images.map((image, i) => ({ image: nameOf(image, i) }));
    const fail = (index: number, error: string): void => {
      results[index] = { image: nameOf(images[index] as ImageSource, index), error };
    };
    for await (const { index, probabilities } of this.probabilities(
      images,
      options.views ?? 1,
      fail,
      options.signal,
    )) {
      const ordered = Array.from(probabilities, (probability, label) => ({ probability, label }))
        .toSorted((a, b) => b.probability - a.probability || a.label - b.label)
        .slice(0, top);
      results[index] = {
        image: nameOf(images[index] as ImageSource, index),
        predictions: ordered.map(({ probability, label }) => ({
          label: this.classes[label] ?? String(label),
          probability,
        })),
      };
    }
    return results;
  }

  /** The activations that the classifier reads, of the centre crop. */
  async embed(
    images: readonly ImageSource[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Embedding[]> {
    const results: Embedding[] = images.map((image, i) => ({ image: nameOf(image, i) }));
    const fail = (index: number, error: string): void => {
      results[index] = { image: nameOf(images[index] as ImageSource, index), error };
    };
    const { store, crop } = this.preprocessing;
    const views = viewRows(evaluationViews(1, store, crop)[0], this.network.batch);
    const labels = new Int32Array(this.network.batch).fill(-1);
    for await (const batch of decodedBatches(
      images,
      this.network.batch,
      this.preprocessing,
      fail,
      options.signal,
    )) {
      const { features } = await this.network.infer({ images: batch.images, views, labels });
      const width = features.length / this.network.batch;
      batch.indices.forEach((index, n) => {
        const image = nameOf(images[index] as ImageSource, index);
        results[index] = { image, features: features.slice(n * width, (n + 1) * width) };
      });
    }
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
  }

  /** Class probabilities of each readable image, averaged over its views. */
  private async *probabilities(
    sources: readonly ImageSource[],
    kind: 1 | 10,
    onFailure: (index: number, reason: string) => void,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ index: number; probabilities: Float64Array }> {
    const { batch, classes } = this.network;
    const { store, crop } = this.preprocessing;
    const views = evaluationViews(kind, store, crop);
    const labels = new Int32Array(batch).fill(-1);
    for await (const { images, indices } of decodedBatches(
      sources,
      batch,
      this.preprocessing,
      onFailure,
      signal,
    )) {
      const sum = new Float64Array(batch * classes);
      for (const [place, view] of views.entries()) {
        const rows = viewRows(view, batch);
        // The images are uploaded with the first view and stay on the devices for the others.
        const { probabilities } = await this.network.infer({
          views: rows,
          labels,
          ...(place === 0 && { images }),
        });
        for (let i = 0; i < sum.length; i++)
          sum[i] = (sum[i] as number) + (probabilities[i] as number) / views.length;
      }
      for (const [n, index] of indices.entries())
        yield { index, probabilities: sum.subarray(n * classes, (n + 1) * classes) };
    }
  }

  /** The model's label of each class folder. */
  private labelsOf(folders: readonly string[], data: string): number[] {
    return folders.map((name) => {
      const label = this.classes.indexOf(name);
      if (label >= 0) return label;
      const known = this.classes.slice(0, 5).join(', ') + (this.classes.length > 5 ? ', …' : '');
      throw new AlexNetError(
        'DATA',
        `${data}: the model has no class ${name}; it knows ${this.classes.length}: ${known}`,
      );
    });
  }
}

const nameOf = (image: ImageSource, index: number): string =>
  typeof image === 'string' ? image : `image ${index}`;

/** Opens a run's best checkpoint (its last before the first validation), or a checkpoint file. */
export async function loadModel(path: string, options: DeviceOptions = {}): Promise<Model> {
  const found = await stat(path).catch(() => {
    throw new AlexNetError(
      'CHECKPOINT',
      `${path} does not exist; expected a run's folder or a checkpoint file`,
    );
  });
  const file = found.isDirectory() ? await existingCheckpoint(path, 'best', 'last') : path;
  if (!file) throw new AlexNetError('CHECKPOINT', `${basename(path)} holds no checkpoint yet`);
  const checkpoint: Checkpoint = await loadCheckpoint(file);
  return await Model.open(checkpoint, options, (network) => network.setParameters(checkpoint.parameters));
}

export interface CreateOptions extends DeviceOptions {
  readonly preset?: string;
  readonly graph?: Graph;
  readonly preprocessing?: Preprocessing;
  /** Class names in the order of the labels. */
  readonly classes: readonly string[];
  readonly initialisation?: Initialisation;
  readonly seed?: number;
  /** Mean image (store × store × 3) or mean colour (3) in grey levels, RGB; default mid-grey. */
  readonly mean?: Float32Array;
}

/** A fresh, untrained model. */
export async function createModel(options: CreateOptions): Promise<Model> {
  const made = preset(options.preset ?? 'paper', options.classes.length);
  const graph = options.graph ?? made.graph;
  const preprocessing = options.preprocessing ?? made.preprocessing;
  const size = preprocessing.mean === 'image' ? preprocessing.store ** 2 * 3 : 3;
  const mean = options.mean ?? new Float32Array(size).fill(128);
  return await Model.open(
    { graph, preprocessing, classes: options.classes, mean },
    options,
    async (network) => {
      await initialise(network, options.initialisation ?? 'he', seedWords(options.seed ?? 1));
    },
  );
}
