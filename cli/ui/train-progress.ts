/** A training run's events as a user sees them: one live line on a terminal, plain lines anywhere else. */

import type { TrainEvent } from '../../lib/train/types.js';
import { unreachable } from '../../lib/unreachable.js';
import { barLine, type Field } from './bar.js';
import { Counting, plainInterval } from './counting.js';
import { count, duration, loss, percent, plural, rate, significant } from '../../lib/text/numbers.js';
import type { LiveLine } from './live-line.js';
import { Preparing } from './prepare-progress.js';
import { RunningMean } from './running-mean.js';
import { skippedLines } from './skipped.js';
import type { Style } from './style.js';

type Of<K extends TrainEvent['kind']> = Extract<TrainEvent, { kind: K }>;

/** Single batches are noisy; what is shown is their mean over about this many steps. */
const halfLife = 20;

export class TrainProgress {
  private start: Of<'start'> | undefined;
  private drawing: Counting | undefined;
  private preparing: Preparing | undefined;
  private readonly meanLoss = new RunningMean(halfLife);
  private readonly meanError = new RunningMean(halfLife);
  private printed: number;
  /** A validation waits for the next event: whether it was the best so far. */
  private validated: Of<'validation'> | undefined;

  constructor(
    private readonly line: LiveLine,
    private readonly style: Style,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.printed = now();
  }

  /** Steps of the run, once they are known. */
  get steps(): number | undefined {
    return this.start?.steps;
  }

  show(event: TrainEvent): void {
    this.flushValidation(event.kind === 'checkpoint' && event.best);
    switch (event.kind) {
      case 'draw':
        this.drawing ??= new Counting(this.line, 'drawing', this.now);
        this.drawing.update(event.done, event.total);
        break;
      case 'prepare':
        this.preparing ??= new Preparing(this.line, this.now);
        this.preparing.update(event);
        break;
      case 'waiting':
        this.line.print(event.message);
        break;
      case 'start':
        this.begin(event);
        break;
      case 'step':
        this.step(event);
        break;
      case 'validation':
        this.validated = event;
        break;
      case 'learning-rate':
        this.line.print(
          `step ${count(event.step)}: ε is now ${significant(event.learningRate)}, because ${event.reason}`,
        );
        break;
      case 'checkpoint':
        // last and best are replaced all the time; only the numbered ones are news.
        if (/step-\d+/.test(event.path))
          this.line.print(this.style.dim(`step ${count(event.step)}: saved ${event.path}`));
        break;
      case 'warning':
        this.line.print(this.style.warning(`warning: step ${count(event.step)}: ${event.message}`));
        break;
      case 'done':
        this.line.clear();
        break;
      default:
        unreachable(event);
    }
  }

  private begin(start: Of<'start'>): void {
    this.start = start;
    this.printed = this.now();
    this.line.clear();
    const { line } = this;
    const classes = plural(start.classes.length, 'class', 'classes');
    line.print(
      `${this.style.bold(start.run)}: ${start.preset}, ${count(start.parameters)} parameters, ${classes}, on ${start.devices} in ${start.precision}`,
    );
    line.print(
      `${count(start.trainingImages)} training and ${count(start.validationImages)} validation images, ` +
        `batches of ${count(start.batch)}, ${plural(start.stepsPerEpoch, 'step')} an epoch`,
    );
    if (start.firstStep > 0)
      line.print(`going on from step ${count(start.firstStep)} of ${count(start.steps)}`);
    for (const note of start.notes) line.print(this.style.dim(`note: ${note}`));
    for (const text of skippedLines(start.skipped)) line.print(this.style.warning(text));
  }

  private step(event: Of<'step'>): void {
    const steps = this.start?.steps ?? event.step;
    // The last step may reach into another epoch, where it does not begin.
    const epochs = Math.max(event.epoch + 1, Math.ceil(this.passes(steps - 1)));
    const fields: Field[] = [
      { text: `epoch ${count(event.epoch + 1)}/${count(epochs)}`, rank: 1 },
      { text: `step ${count(event.step)}/${count(steps)}`, rank: 5 },
      { text: `loss ${loss(this.meanLoss.add(event.loss))}`, rank: 2 },
      { text: `top-1 error ${percent(this.meanError.add(event.top1Error))}`, rank: 4 },
      { text: `ε ${significant(event.learningRate)}`, rank: 7 },
      { text: `${rate(event.imagesPerSecond)} images/s`, rank: 6 },
      { text: `${duration(event.secondsLeft)} left`, rank: 3 },
    ];
    if (this.line.live) this.line.show((columns) => barLine(fields, event.step / steps, columns));
    else if (this.now() - this.printed >= plainInterval) {
      this.printed = this.now();
      this.line.print(fields.map(({ text }) => text).join('  '));
    }
  }

  /** How often the training images have been seen after so many steps. */
  private passes(steps: number): number {
    return this.start ? (steps * this.start.batch) / Math.max(1, this.start.trainingImages) : 0;
  }

  private flushValidation(best: boolean): void {
    const event = this.validated;
    this.validated = undefined;
    if (!event) return;
    const rates = `top-1 error ${percent(event.top1Error)}, top-5 ${percent(event.top5Error)}, loss ${loss(event.loss)}`;
    const trained = this.line.live ? '' : `, training loss ${loss(this.meanLoss.value)}`;
    const note = best ? this.style.good('  best so far, saved') : '';
    this.line.print(
      `epoch ${significant(Math.round(10 * this.passes(event.step)) / 10)}, step ${count(event.step)}: validation ${rates}${trained}${note}`,
    );
  }
}
