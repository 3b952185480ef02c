/** A training run from options to result, as a stream of events. */

import { join, resolve as resolvePath } from 'node:path';
import { AlexNetError, expected } from '../errors.js';
import { withoutDropout } from '../graph/edit.js';
import { preset } from '../graph/presets.js';
import { classCount, graphTotals } from '../graph/shapes.js';
import { seedWords } from '../random/philox.js';
import { loaderThreads } from '../data/batches/loader-threads.js';
import { chooseDevices, type ChosenDevices } from '../runtime/choose.js';
import { Network } from '../runtime/network.js';
import { loadCheckpoint, type Checkpoint } from '../run/checkpoint.js';
import { openData, type TrainingData } from './data.js';
import { recipes } from './recipes.js';
import type { Recipe } from '../run/recipe.js';
import { existingCheckpoint, RunFolder, type RunConfig } from '../run/run-folder.js';
import { Trainer } from './trainer.js';
import type { TrainEvent, TrainOptions, TrainResult } from './types.js';
import { checkRecipe, checkSeed, positiveInteger } from './validate-options.js';

export async function* train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, TrainResult> {
  for (const name of [
    'steps',
    'checkpointEvery',
    'saveEvery',
    'validateEvery',
    'loaderThreads',
    'classes',
  ] as const) {
    positiveInteger(name, options[name]);
  }
  if (options.epochs !== undefined && !(Number.isFinite(options.epochs) && options.epochs > 0)) {
    expected('a positive number', 'epochs', options.epochs);
  }
  return yield* options.resume === undefined ? begin(options) : resume(options, options.resume);
}

async function* begin(options: TrainOptions): AsyncGenerator<TrainEvent, TrainResult> {
  const presetName = options.preset ?? (options.data === undefined ? 'mini' : 'paper');
  const { graph } = preset(presetName, 2);
  const recipe: Recipe = { ...recipes[presetName as keyof typeof recipes], ...options.recipe };
  checkRecipe(recipe, options.graph ?? graph);
  const seed = options.seed ?? 1;
  checkSeed(seed);
  const { devices = 'cpu' } = options;
  const chosen = await chooseDevices(options, true);
  const data = options.data === undefined ? null : resolvePath(options.data);
  // Before any work is done: a name that is taken is an error.
  await using folder = await RunFolder.create(presetName, options.out);
  const { allowEmptyClasses = false } = options;
  const setting = { presetName, recipe, seed, data, devices, chosen, allowEmptyClasses };
  return yield* new TrainingRun(options, setting, folder, null).events();
}

async function* resume(options: TrainOptions, path: string): AsyncGenerator<TrainEvent, TrainResult> {
  // Before anything of it is read: another process may be about to change it.
  await using folder = await RunFolder.open(path);
  const config = await RunFolder.config(path);
  const file = await existingCheckpoint(path, 'last');
  const checkpoint = file === null ? null : await loadCheckpoint(file);
  if (checkpoint && (!checkpoint.training || !checkpoint.momentum)) {
    throw new AlexNetError(
      'CHECKPOINT',
      `${file}: it has no training state, so the run cannot go on from it`,
    );
  }
  const { devices = config.devices } = options;
  // The devices it moves to may not compute in what it had.
  const precision = options.precision ?? (devices === config.devices ? config.precision : undefined);
  const chosen = await chooseDevices({ ...options, devices, precision }, true);
  const { preset: presetName, recipe, seed, data, allowEmptyClasses = false } = config;
  const setting = { presetName, recipe, seed, data, devices, chosen, allowEmptyClasses };
  return yield* new TrainingRun(options, setting, folder, { config, checkpoint }).events();
}

/** What a run is made of before its images have been looked at. */
interface RunSetting {
  readonly presetName: string;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly data: string | null;
  readonly devices: string;
  readonly chosen: ChosenDevices;
  readonly allowEmptyClasses: boolean;
}

class TrainingRun {
  constructor(
    private readonly options: TrainOptions,
    private readonly setting: RunSetting,
    private readonly folder: RunFolder,
    private readonly saved: { readonly config: RunConfig; readonly checkpoint: Checkpoint | null } | null,
  ) {}

  async *events(): AsyncGenerator<TrainEvent, TrainResult> {
    const { options, setting, saved, folder } = this;
    const firstStep = saved?.checkpoint?.training?.step ?? 0;
    const images = preset(setting.presetName, 2).preprocessing;
    const preprocessing = options.preprocessing ?? saved?.config.preprocessing ?? images;
    const { chosen } = setting;
    const onCards = chosen.devices.every(({ backend }) => backend === 'cuda');
    await using data = yield* openData({
      data: setting.data,
      cache: join(folder.path, '..', '.cache'),
      preprocessing,
      recipe: setting.recipe,
      seed: setting.seed,
      threads: loaderThreads(onCards, options.loaderThreads),
      onCards,
      allowEmptyClasses: setting.allowEmptyClasses,
      ...(options.signal && { signal: options.signal }),
    });
    const config = saved ? this.extended(saved.config, data) : this.configure(data);
    if (options.classes !== undefined && options.classes !== data.classes.length) {
      throw new AlexNetError(
        'USAGE',
        `expected ${options.classes} classes as --classes says, but the images have ${data.classes.length}`,
      );
    }
    // Read while the network is made.
    const batches = data.training(firstStep, config.steps);
    await using network = Network.open({
      graph: config.graph,
      preprocessing: config.preprocessing,
      devices: chosen.devices,
      precision: chosen.precision,
      batch: config.recipe.batch,
      seed: seedWords(config.seed),
      training: config.recipe,
    });
    const trainer = new Trainer(folder, config, data, batches, network, options.signal);
    await trainer.start(saved?.checkpoint ?? null);
    await folder.begin(config, firstStep);
    yield {
      kind: 'start',
      run: folder.path,
      preset: config.preset,
      devices: setting.devices,
      precision: chosen.precision,
      classes: data.classes,
      trainingImages: data.trainingImages,
      validationImages: data.validationImages,
      skipped: data.skipped,
      batch: config.recipe.batch,
      firstStep,
      steps: config.steps,
      stepsPerEpoch: Math.max(1, Math.round(data.trainingImages / config.recipe.batch)),
      parameters: graphTotals(config.graph).parameters,
      notes: [...data.notes, ...notesOn(config), ...(chosen.note === undefined ? [] : [chosen.note])],
    };
    return yield* trainer.events();
  }

  private stepsFor(recipe: Recipe, images: number): number {
    return this.options.steps ?? Math.ceil(((this.options.epochs ?? recipe.epochs) * images) / recipe.batch);
  }

  private configure(data: TrainingData): RunConfig {
    const { options, setting } = this;
    const made = preset(setting.presetName, data.classes.length);
    const whole = options.graph ?? made.graph;
    const graph = setting.recipe.dropout ? whole : withoutDropout(whole);
    if (classCount(graph) !== data.classes.length) {
      throw new AlexNetError(
        'USAGE',
        `the graph tells ${classCount(graph)} classes apart, but the images have ${data.classes.length}`,
      );
    }
    const epoch = Math.max(1, Math.round(data.trainingImages / setting.recipe.batch));
    return {
      version: 1,
      preset: setting.presetName,
      graph,
      preprocessing: options.preprocessing ?? made.preprocessing,
      data: setting.data,
      ...(setting.allowEmptyClasses && { allowEmptyClasses: true }),
      devices: setting.devices,
      precision: setting.chosen.precision,
      recipe: setting.recipe,
      seed: setting.seed,
      steps: this.stepsFor(setting.recipe, data.trainingImages),
      validateEvery: options.validateEvery ?? epoch,
      saveEvery: options.saveEvery ?? Math.min(epoch, 500),
      checkpointEvery: options.checkpointEvery ?? null,
    };
  }

  /** A resumed run keeps its configuration; it may only be given another length and other devices. */
  private extended(config: RunConfig, data: TrainingData): RunConfig {
    const { options } = this;
    const longer = options.steps !== undefined || options.epochs !== undefined;
    return {
      ...config,
      devices: this.setting.devices,
      precision: this.setting.chosen.precision,
      steps: longer ? this.stepsFor(config.recipe, data.trainingImages) : config.steps,
    };
  }
}

/** Where a run departs from the paper, in words. */
function notesOn({ preset: name, recipe }: RunConfig): string[] {
  const notes: string[] = [];
  if (recipe.initialisation !== 'paper' && name !== 'authors') {
    notes.push(
      `initial weights: ${recipe.initialisation} (the paper's own, N(0, 0.01²), can stall; --initialisation paper)`,
    );
  }
  if (!recipe.dropout) notes.push('dropout is off');
  return notes;
}
