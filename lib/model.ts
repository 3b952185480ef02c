/** A trained network ready for use: evaluate, classify, embed. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { AlexNetError, expected } from './errors.js';
import { isStore } from './data/store/cached.js';
import type { ImageSource } from './data/images/decode.js';
import { evaluationViews, viewRows } from './data/batches/views.js';
import { averaged, probabilitiesOf } from './evaluate/averaged.js';
import { decodedBatches } from './evaluate/batches.js';
import { evaluateFolder, evaluateStore, type EvaluateOptions, type Evaluation } from './evaluate/evaluate.js';
import { preset } from './graph/presets.js';
import type { Graph, Preprocessing } from './graph/graph.js';
import { classCount } from './graph/shapes.js';
import { seedWords } from './random/philox.js';
import { chooseDevices, type DeviceChoice } from './runtime/choose.js';
import { Network } from './runtime/network.js';
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from './run/checkpoint.js';
import { initialise, type Initialisation } from './runtime/initialise.js';
import { existingCheckpoint } from './run/run-folder.js';

export interface DeviceOptions extends DeviceChoice {
  /** Batch size: images per run of the devices; default 32. */
  readonly batch?: number;
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

export interface ClassifyOptions {
  /** How many predictions per image; default 5. */
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
      expected('a positive whole number', 'batch', batch);
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

  /** Error rates on a store or on a folder of class folders. Class names have to be the model's. */
  async evaluate(data: string, options: EvaluateOptions = {}): Promise<Evaluation> {
    const evaluate = isStore(data) ? evaluateStore : evaluateFolder;
    return await evaluate(this.network, this.classes, data, options);
  }

  /** The most probable classes of each image. An image that cannot be read gets an error instead; the others are classified. */
  async classify(images: readonly ImageSource[], options: ClassifyOptions = {}): Promise<Classification[]> {
    const top = options.top ?? 5;
    if (!Number.isInteger(top) || top < 1) {
      expected('a positive whole number', 'top', top);
    }
    const results: Classification[] = images.map((image, i) => ({ image: nameOf(image, i) }));
    const fail = (index: number, error: string): void => {
      results[index] = { image: nameOf(images[index] as ImageSource, index), error };
    };
    const batches = decodedBatches(images, this.network.batch, this.preprocessing, fail, options.signal);
    for await (const { indices, probabilities } of averaged(this.network, batches, options.views ?? 1)) {
      for (const [n, index] of indices.entries()) {
        const ordered = Array.from(probabilitiesOf(this.network, probabilities, n), (probability, label) => ({
          probability,
          label,
        }))
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
