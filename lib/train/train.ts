/** A training run from options to result, as a stream of events. */

import { join, resolve } from 'node:path';
import { AlexNetError } from '../errors.js';
import { evaluationViews } from '../data/views.js';
import { withoutDropout } from '../graph/edit.js';
import { preset } from '../graph/presets.js';
import { classCount, graphTotals } from '../graph/shapes.js';
import { viewRows } from '../evaluate/batches.js';
import { ErrorCounter } from '../evaluate/error-rates.js';
import { seedWords } from '../random/philox.js';
import { parseDevices } from '../runtime/devices.js';
import { Network, type Losses } from '../runtime/network.js';
import { loadCheckpoint, saveCheckpoint, type Checkpoint, type TrainingState } from './checkpoint.js';
import { prepareData, type TrainingData } from './data.js';
import { initialise } from './initialise.js';
import { afterValidation, baseRate, freshPlateau, learningRates } from './rates.js';
import { recipes, type Recipe } from './recipe.js';
import { existingCheckpoint, RunFolder, type RunConfig } from './run-folder.js';
import { Speed } from './speed.js';
import { StallDetector } from './stall.js';
import type { ErrorRates, TrainEvent, TrainOptions, TrainResult } from './types.js';
import { checkRecipe, checkSeed, positiveInteger } from './validate-options.js';

/** A run is saved at least this often, besides every saveEvery steps. */
const saveSeconds = 600;
/** No network comes back from here; float32 may take long to overflow. */
const absurdLoss = 1e6;

export async function* train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, TrainResult> {
  for (const name of [
    'steps',
    'epochs',
    'threads',
    'checkpointEvery',
    'saveEvery',
    'validateEvery',
    'classes',
  ] as const) {
    if (name === 'epochs') continue;
    positiveInteger(name, options[name]);
  }
  if (options.epochs !== undefined && !(Number.isFinite(options.epochs) && options.epochs > 0)) {
    throw new AlexNetError('USAGE', `expected a positive number for epochs, received ${options.epochs}`);
  }
  const run = options.resume === undefined ? await Run.begin(options) : await Run.resume(options);
  return yield* run.events();
}

/** What a run is made of before its images have been looked at. */
interface Setting {
  readonly presetName: string;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly data: string | null;
  readonly devices: string;
}

class Run {
  private constructor(
    private readonly options: TrainOptions,
    private readonly setting: Setting,
    private readonly saved: {
      readonly path: string;
      readonly config: RunConfig;
      readonly checkpoint: Checkpoint | null;
    } | null,
  ) {}

  static async begin(options: TrainOptions): Promise<Run> {
    const presetName = options.preset ?? (options.data === undefined ? 'mini' : 'paper');
    preset(presetName, 2);
    const recipe: Recipe = { ...recipes[presetName as keyof typeof recipes], ...options.recipe };
    const seed = options.seed ?? 1;
    checkSeed(seed);
    const devices = options.devices ?? 'cpu';
    parseDevices(devices, options.threads);
    const data = options.data === undefined ? null : resolve(options.data);
    return await Promise.resolve(new Run(options, { presetName, recipe, seed, data, devices }, null));
  }

  static async resume(options: TrainOptions): Promise<Run> {
    const path = options.resume as string;
    const config = await RunFolder.config(path);
    const file = await existingCheckpoint(path, 'last');
    const checkpoint = file === null ? null : await loadCheckpoint(file);
    if (checkpoint && (!checkpoint.training || !checkpoint.momentum)) {
      throw new AlexNetError(
        'CHECKPOINT',
        `${file}: it has no training state, so the run cannot go on from it`,
      );
    }
    const devices = options.devices ?? config.devices;
    parseDevices(devices, options.threads);
    const { preset: presetName, recipe, seed, data } = config;
    return new Run(options, { presetName, recipe, seed, data, devices }, { path, config, checkpoint });
  }

  async *events(): AsyncGenerator<TrainEvent, TrainResult> {
    const { options, setting, saved } = this;
    // The run's folder comes first: a name that is taken is an error before any work is done.
    const firstStep = saved?.checkpoint?.training?.step ?? 0;
    const folder = saved
      ? await RunFolder.resume(saved.path, firstStep)
      : await RunFolder.create(setting.presetName, options.out);
    let begun = saved !== null;
    try {
      const images = preset(setting.presetName, 2).preprocessing;
      const preprocessing = options.preprocessing ?? saved?.config.preprocessing ?? images;
      await using data = yield* prepareData({
        data: setting.data,
        cache: join(folder.path, '..', '.cache'),
        preprocessing,
        recipe: setting.recipe,
        seed: setting.seed,
        ...(options.signal && { signal: options.signal }),
      });
      const config = saved ? this.extended(saved.config, data) : this.configure(data);
      if (options.classes !== undefined && options.classes !== data.classes.length) {
        throw new AlexNetError(
          'USAGE',
          `expected ${options.classes} classes as --classes says, but the images have ${data.classes.length}`,
        );
      }
      await folder.writeConfig(config);
      begun = true;
      await using network = Network.open({
        graph: config.graph,
        preprocessing: config.preprocessing,
        devices: parseDevices(setting.devices, options.threads),
        batch: config.recipe.batch,
        seed: seedWords(config.seed),
        training: config.recipe,
      });
      const trainer = new Trainer(folder, config, data, network, options.signal);
      await trainer.start(saved?.checkpoint ?? null);
      yield {
        kind: 'start',
        run: folder.path,
        preset: config.preset,
        devices: setting.devices,
        classes: data.classes,
        trainingImages: data.training.count,
        validationImages: data.validation.count,
        skipped: data.skipped,
        batch: config.recipe.batch,
        firstStep,
        steps: config.steps,
        stepsPerEpoch: Math.max(1, Math.round(data.training.count / config.recipe.batch)),
        parameters: graphTotals(config.graph).parameters,
        notes: [...data.notes, ...notesOn(config)],
      };
      return yield* trainer.events();
    } finally {
      await folder.close();
      // A run that never got to its first step leaves nothing in the way of the next try.
      if (!begun) await folder.discard();
    }
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
    checkRecipe(setting.recipe, graph);
    const epoch = Math.max(1, Math.round(data.training.count / setting.recipe.batch));
    return {
      version: 1,
      preset: setting.presetName,
      graph,
      preprocessing: options.preprocessing ?? made.preprocessing,
      data: setting.data,
      devices: setting.devices,
      recipe: setting.recipe,
      seed: setting.seed,
      steps: this.stepsFor(setting.recipe, data.training.count),
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
      steps: longer ? this.stepsFor(config.recipe, data.training.count) : config.steps,
    };
  }
}

/** Where a run leaves the paper, in words. */
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

class Trainer {
  private state: TrainingState;
  private readonly speed: Speed;
  private readonly stall: StallDetector;
  private readonly recentLosses: number[] = [];
  private lastSave = Date.now();
  private savedStep = -1;
  private lastSaved: string | null = null;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: RunConfig,
    private readonly data: TrainingData,
    private readonly network: Network,
    private readonly signal: AbortSignal | undefined,
  ) {
    const { batch } = config.recipe;
    this.state = { step: 0, seed: config.seed, batch, plateau: freshPlateau, validation: null };
    this.speed = new Speed(batch);
    this.stall = new StallDetector(data.classes.length, config.recipe.initialisation);
  }

  async start(checkpoint: Checkpoint | null): Promise<void> {
    const { network, config } = this;
    network.setMean(this.data.mean);
    if (!checkpoint) return await initialise(network, config.recipe.initialisation, seedWords(config.seed));
    if (checkpoint.classes.join('\n') !== this.data.classes.join('\n')) {
      throw new AlexNetError(
        'CHECKPOINT',
        `the run's checkpoint knows ${checkpoint.classes.length} classes, the images have ${this.data.classes.length} or others; resume needs the same images`,
      );
    }
    network.setParameters(checkpoint.parameters);
    if (checkpoint.momentum) network.setParameters(checkpoint.momentum, 'momentum');
    if (checkpoint.training) this.state = checkpoint.training;
    this.savedStep = this.state.step;
  }

  private epochOf(step: number): number {
    return Math.floor((step * this.config.recipe.batch) / this.data.training.count);
  }

  async *events(): AsyncGenerator<TrainEvent, TrainResult> {
    const { config, data, network, folder } = this;
    let next = data.loader.batch(this.state.step, this.epochOf(this.state.step));
    // Awaited further down; a failure of a batch that is no longer wanted is nobody's concern.
    next.catch(() => undefined);
    while (this.state.step < config.steps && !this.signal?.aborted) {
      const { step } = this.state;
      const epoch = this.epochOf(step);
      const rates = learningRates(config.recipe, config.graph, epoch, this.state.plateau.reductions);
      this.speed.begin();
      const batch = await next;
      const running = network.train(batch, step, rates);
      if (step + 1 < config.steps) {
        next = data.loader.batch(step + 1, this.epochOf(step + 1));
        next.catch(() => undefined);
      }
      const measured = summarise(await running);
      this.speed.end();
      this.state = { ...this.state, step: step + 1 };
      if (!(measured.loss < absurdLoss)) await this.diverged(step + 1, measured.loss);
      yield* this.report(step + 1, epoch, measured);
      if ((step + 1) % config.validateEvery === 0 && step + 1 < config.steps) yield* this.validate();
      yield* this.save();
    }
    const interrupted = this.state.step < config.steps;
    // A finished run that is resumed has nothing left to do.
    if (!interrupted && this.state.validation?.step !== this.state.step) yield* this.validate();
    if (this.savedStep !== this.state.step) yield* this.saveAs('last');
    const result: TrainResult = {
      run: folder.path,
      checkpoint: folder.checkpoint('last'),
      steps: this.state.step,
      trainLoss: mean(this.recentLosses),
      validation: this.state.validation?.rates ?? null,
      imagesPerSecond: this.speed.overall(),
      interrupted,
    };
    yield { kind: 'done', ...result };
    return result;
  }

  private async *report(
    step: number,
    epoch: number,
    measured: Omit<ErrorRates, 'images'>,
  ): AsyncGenerator<TrainEvent> {
    const { config } = this;
    const perEpoch = Math.max(1, Math.round(this.data.training.count / config.recipe.batch));
    this.recentLosses.push(measured.loss);
    if (this.recentLosses.length > perEpoch) this.recentLosses.shift();
    const learningRate = baseRate(config.recipe, epoch, this.state.plateau.reductions);
    const validationsLeft = Math.floor((config.steps - step) / config.validateEvery);
    const event: TrainEvent = {
      kind: 'step',
      step,
      epoch,
      ...measured,
      learningRate,
      imagesPerSecond: this.speed.recent(),
      secondsLeft: this.speed.secondsFor(config.steps - step, validationsLeft),
    };
    await this.folder.log({
      step,
      epoch,
      ...measured,
      learningRate,
      imagesPerSecond: Math.round(event.imagesPerSecond * 10) / 10,
    });
    yield event;
    const message = this.stall.add(step, measured.loss);
    if (message) yield { kind: 'warning', step, message };
  }

  private async *validate(): AsyncGenerator<TrainEvent> {
    const { data, network, config } = this;
    const { step } = this.state;
    const started = performance.now();
    const counter = new ErrorCounter();
    const { store, crop } = config.preprocessing;
    const views = viewRows(evaluationViews(1, store, crop)[0], network.batch);
    for await (const { images, labels, count } of data.validationBatches(network.batch)) {
      const { losses, ranks } = await network.infer({ images, labels, views });
      for (let n = 0; n < count; n++) counter.add(losses[n] as number, ranks[n] as number);
    }
    const rates = counter.rates();
    this.speed.validated((performance.now() - started) / 1000);
    const before = this.state.plateau;
    const plateau = afterValidation(config.recipe, before, rates.top1Error);
    const best = plateau.best !== before.best;
    this.state = { ...this.state, plateau, validation: { step, rates } };
    const epoch = this.epochOf(step);
    await this.folder.log({ step, epoch, validation: rates });
    yield { kind: 'validation', step, epoch, ...rates };
    if (best) yield* this.saveAs('best');
    if (plateau.reductions > before.reductions) {
      const learningRate = baseRate(config.recipe, epoch, plateau.reductions);
      const reason = 'the validation error has stopped improving';
      await this.folder.log({ step, epoch, learningRate, reason });
      yield { kind: 'learning-rate', step, learningRate, reason };
    }
  }

  private async *save(): AsyncGenerator<TrainEvent> {
    const { config } = this;
    const { step } = this.state;
    if (step >= config.steps) return;
    if (config.checkpointEvery !== null && step % config.checkpointEvery === 0) yield* this.saveAs(step);
    const due = step % config.saveEvery === 0 || Date.now() - this.lastSave > 1000 * saveSeconds;
    if (due) yield* this.saveAs('last');
  }

  private async *saveAs(name: 'last' | 'best' | number): AsyncGenerator<TrainEvent> {
    const { network, config, folder, data } = this;
    const parameters = network.parameters();
    for (const [tensor, values] of parameters) {
      // Bad weights must not replace good ones.
      if (!values.every(Number.isFinite)) await this.diverged(this.state.step, Number.NaN, tensor);
    }
    await folder.flush();
    const path = folder.checkpoint(name);
    await saveCheckpoint(path, {
      graph: config.graph,
      preprocessing: config.preprocessing,
      classes: data.classes,
      mean: data.mean,
      parameters,
      momentum: network.parameters('momentum'),
      training: this.state,
    });
    this.lastSaved = path;
    if (name === 'last') {
      this.lastSave = Date.now();
      this.savedStep = this.state.step;
    }
    yield { kind: 'checkpoint', step: this.state.step, path, best: name === 'best' };
  }

  private async diverged(step: number, loss: number, tensor?: string): Promise<never> {
    await this.folder.log({ step, diverged: String(loss) });
    const { learningRate } = this.config.recipe;
    const what = tensor ? `${tensor} is no longer finite` : `the loss is ${loss}`;
    const kept = this.lastSaved
      ? `the last good checkpoint is ${this.lastSaved}`
      : 'no checkpoint had been written';
    throw new AlexNetError(
      'DIVERGED',
      `${what} at step ${step}: training has diverged; start again with a smaller --learning-rate (it was ${learningRate}) or another --initialisation; ${kept}`,
    );
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

function summarise({ losses, ranks }: Losses): Omit<ErrorRates, 'images'> {
  const counter = new ErrorCounter();
  losses.forEach((loss, n) => counter.add(loss, ranks[n] ?? 0));
  const { loss, top1Error, top5Error } = counter.rates();
  return { loss, top1Error, top5Error };
}
