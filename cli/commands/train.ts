/** alexnet-native train: trains on a folder of images or on the demo set, shows how it goes, saves. */

import { shellWord } from '../../lib/shell-word.js';
import type { TrainOptions, TrainResult } from '../../lib/train/types.js';
import { exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { trainOptionsFrom, trainOptionTable } from '../recipe/options.js';
import { count, duration, loss, percent, plural, rate } from '../../lib/text/numbers.js';
import { outputFor, type Output } from '../ui/output.js';
import { interruptible } from '../ui/signals.js';
import { isAbort } from '../ui/errors.js';
import { list } from '../../lib/text/table.js';
import { TrainProgress } from '../ui/train-progress.js';

const resumeLine = (run: string): string => `alexnet-native train --resume ${shellWord(run)}`;

function summary(result: TrainResult, seconds: number, style: Output['style']): string[] {
  const { validation } = result;
  const errors = validation
    ? `top-1 error ${percent(validation.top1Error)}, top-5 ${percent(validation.top5Error)}, loss ${loss(validation.loss)}, of ${plural(validation.images, 'image')}`
    : 'none';
  return [
    style.bold(
      `trained to step ${count(result.steps)} in ${duration(seconds)}, ${rate(result.imagesPerSecond)} images/s`,
    ),
    ...list(
      [
        ['training loss', loss(result.trainLoss)],
        ['validation', errors],
        ['waiting for images', `${percent(result.waitedForImages)} of the time`],
        ['run', result.run],
        ['checkpoint', result.checkpoint],
        ['use it', `alexnet-native classify ${shellWord(result.run)} IMAGE…`],
      ],
      '  ',
    ),
  ];
}

/** What --json ends with. */
function asJson(result: TrainResult): unknown {
  const { run, checkpoint, steps, trainLoss, validation, imagesPerSecond, waitedForImages, parts } = result;
  const errors = validation && { top1Error: validation.top1Error, top5Error: validation.top5Error };
  return { run, checkpoint, steps, trainLoss, validation: errors, imagesPerSecond, waitedForImages, parts };
}

/** Trains to the end or to an interruption; null when that came before there was anything to save. */
async function follow(options: TrainOptions, progress: TrainProgress): Promise<TrainResult | null> {
  const { train } = await import('../../lib/index.js');
  const events = train(options);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
      progress.show(next.value);
    }
  } catch (error) {
    if (options.signal?.aborted && isAbort(error)) return null;
    throw error;
  }
}

async function run(given: Given): Promise<number> {
  const options = await trainOptionsFrom(given);
  using output = outputFor(given);
  const { line, style } = output;
  const progress = new TrainProgress(line, style);
  using interruption = interruptible(() => {
    const now = progress.steps === undefined ? 'stopping' : 'finishing the step and saving';
    line.print(style.warning(`${now}; press Ctrl-C again to stop at once`));
  });
  const started = performance.now();
  const result = await follow({ ...options, signal: interruption.signal }, progress);
  line.clear();
  if (!result) {
    line.print('stopped before the first step; nothing to resume');
    return exitCodes.interrupted;
  }
  if (result.interrupted) {
    const of = progress.steps === undefined ? '' : ` of ${count(progress.steps)}`;
    line.print(`stopped after step ${count(result.steps)}${of}, saved; resume with:`);
    line.print(`  ${resumeLine(result.run)}`);
  } else output.lines(summary(result, (performance.now() - started) / 1000, style));
  output.value(asJson(result));
  return result.interrupted ? exitCodes.interrupted : exitCodes.done;
}

export const train: CliCommand = {
  name: 'train',
  usage: '[data]',
  about: "Train a network: the paper's, or another preset, on your images or on the built-in demo set",
  positionals: [
    {
      name: 'data',
      about:
        'A store, or anything that `prepare` takes: a folder of class folders, of train/ and val/, of archives; without it: the built-in demo set',
    },
  ],
  options: { ...trainOptionTable, json: jsonOption },
  examples: [
    ['train', 'the demo set, a few minutes on two cores'],
    ['train photos --preset mini --epochs 30', 'a small network on your images'],
    [
      'train imagenet --devices cpu:0/2,cpu:1/2 --batch 128',
      "the paper's network, a half on each half of the cores",
    ],
    ['train photos.store --preset paper', 'images prepared before'],
    ['train photos --schedule step --step-at 30,60 --seed 7', 'ε divided by 10 at epochs 30 and 60'],
    ['train --resume runs/paper-1', 'go on with an interrupted run'],
  ],
  run,
};
