/** The steps of a run: train, report, validate, save. */

import { AlexNetError } from '../errors.js';
import { evaluationViews, viewRows } from '../data/batches/views.js';
import { ErrorCounter } from '../evaluate/error-rates.js';
import { seedWords } from '../random/philox.js';
import type { BatchQueue, Lent } from '../data/batches/batch-queue.js';
import type { TrainingBatch } from '../data/batches/loader.js';
import type { Losses, Network } from '../runtime/network.js';
import { saveCheckpoint, type Checkpoint } from '../run/checkpoint.js';
import type { TrainingState, ErrorRates } from '../run/training-state.js';
import type { TrainingData } from './data.js';
import { DataWait } from './data-wait.js';
import { initialise } from '../runtime/initialise.js';
import { afterValidation, baseRate, freshPlateau, learningRates } from './rates.js';
import type { RunConfig, RunFolder } from '../run/run-folder.js';
import { Speed } from './speed.js';
import { StallDetector } from './stall.js';
import type { TrainEvent, TrainResult } from './types.js';

/** A run is saved at least this often, besides every saveEvery steps. */
const saveSeconds = 600;
/** No network recovers from here; float32 may take long to overflow. */
const absurdLoss = 1e6;

interface QueuedStep {
  readonly step: number;
  readonly epoch: number;
  readonly batch: Lent;
  /** Seconds that the devices waited for it. */
  readonly waited: number;
  readonly running: Promise<Losses>;
  /** When it was; milliseconds. */
  ended: number | undefined;
}

export class Trainer {
  private state: TrainingState;
  private readonly speed: Speed;
  private readonly stall: StallDetector;
  private readonly wait: DataWait;
  private readonly recentLosses: number[] = [];
  private lastSave = Date.now();
  private savedStep = -1;
  private lastSaved: string | null = null;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: RunConfig,
    private readonly data: TrainingData,
    /** Of the steps that are still to be done. */
    private readonly batches: BatchQueue<TrainingBatch>,
    private readonly network: Network,
    private readonly signal: AbortSignal | undefined,
  ) {
    const { batch } = config.recipe;
    this.state = { step: 0, seed: config.seed, batch, plateau: freshPlateau, validation: null };
    this.speed = new Speed(batch);
    this.wait = new DataWait(data.threads);
    this.stall = new StallDetector(data.classes.length, config.recipe.initialisation);
  }

  async start(checkpoint: Checkpoint | null): Promise<void> {
    const { network, config } = this;
    network.setMean(this.data.mean);
    if (!checkpoint) return await initialise(network, config.recipe.initialisation, seedWords(config.seed));
    if (JSON.stringify(checkpoint.graph) !== JSON.stringify(config.graph)) {
      throw new AlexNetError(
        'CHECKPOINT',
        `${this.folder.checkpoint('last')} is of network ${checkpoint.graph.name}, and not of this run's, ${config.graph.name}; put the run's own checkpoint back`,
      );
    }
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
    return Math.floor((step * this.config.recipe.batch) / this.data.trainingImages);
  }

  async *events(): AsyncGenerator<TrainEvent, TrainResult> {
    const { config, folder } = this;
    let queued: QueuedStep | undefined;
    for (;;) {
      const step = this.state.step + (queued ? 1 : 0);
      const more = step < config.steps && !this.signal?.aborted;
      // On cards a step is queued behind the one under way, so that they never wait for the host; but not where
      // the weights are read in between.
      if (more && !(queued && this.pauseAfter(step))) {
        if (!queued) this.speed.begin();
        const running = await this.queue(step, queued);
        if (queued) yield* this.finish(queued);
        queued = running;
        continue;
      }
      if (!queued) break;
      yield* this.finish(queued);
      queued = undefined;
      if (step % config.validateEvery === 0 && step < config.steps) yield* this.validate();
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
      waitedForImages: this.wait.share(),
      parts: this.data.parts,
      interrupted,
    };
    yield { kind: 'done', ...result };
    return result;
  }

  private async queue(step: number, before: QueuedStep | undefined): Promise<QueuedStep> {
    const { recipe, graph } = this.config;
    const { batch, waited } = await this.wait.measure(this.batches.next(), before);
    if (!batch) throw new Error(`there is no batch for step ${step}`);
    const epoch = this.epochOf(step);
    const running = this.network.train(
      batch,
      step,
      learningRates(recipe, graph, epoch, this.state.plateau.reductions),
    );
    const queued: QueuedStep = { step, epoch, batch, waited, running, ended: undefined };
    const end = (): void => void (queued.ended = performance.now());
    running.then(end, end);
    return queued;
  }

  private async *finish({ step, epoch, batch, waited, running }: QueuedStep): AsyncGenerator<TrainEvent> {
    const measured = summarise(await running);
    batch.release();
    const seconds = this.speed.end();
    this.state = { ...this.state, step: step + 1 };
    if (!(measured.loss < absurdLoss)) await this.diverged(step + 1, measured.loss);
    yield* this.report(step + 1, epoch, measured, waited);
    const warning = this.wait.add(step + 1, waited, seconds);
    if (warning) yield { kind: 'warning', step: step + 1, message: warning };
  }

  /** Whether a validation or a save comes after so many steps, or queueing the next one at once gains nothing. */
  private pauseAfter(step: number): boolean {
    if (!this.network.onCards) return true;
    const { validateEvery, checkpointEvery } = this.config;
    const kept = checkpointEvery !== null && step % checkpointEvery === 0;
    return step % validateEvery === 0 || kept || this.saveDue(step);
  }

  private saveDue(step: number): boolean {
    return step % this.config.saveEvery === 0 || Date.now() - this.lastSave > 1000 * saveSeconds;
  }

  private async *report(
    step: number,
    epoch: number,
    measured: Omit<ErrorRates, 'images'>,
    secondsWaited: number,
  ): AsyncGenerator<TrainEvent> {
    const { config } = this;
    const perEpoch = Math.max(1, Math.round(this.data.trainingImages / config.recipe.batch));
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
      secondsWaited,
      secondsLeft: this.speed.secondsFor(config.steps - step, validationsLeft),
    };
    await this.folder.log({
      step,
      epoch,
      ...measured,
      learningRate,
      imagesPerSecond: Math.round(event.imagesPerSecond * 10) / 10,
      secondsWaited: Math.round(secondsWaited * 1e4) / 1e4,
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
    for await (const { images, labels, count } of data.validation(network.batch)) {
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
    if (this.saveDue(step)) yield* this.saveAs('last');
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
