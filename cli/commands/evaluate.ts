/** alexnet-native evaluate: error rates of a trained network. */

import { deviceOptions, exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { Counting } from '../ui/counting.js';
import { count, loss, percent } from '../../lib/text/numbers.js';
import { outputFor } from '../ui/output.js';
import { interruptible } from '../ui/signals.js';
import { skippedLines } from '../ui/skipped.js';
import { list } from '../../lib/text/table.js';
import { oneOf, views as viewCount } from '../values.js';
import { modelOptions } from './model-options.js';

async function run(given: Given): Promise<number> {
  const views = given.flag('views', viewCount) ?? 1;
  const split = given.flag('split', oneOf(['train', 'validation']));
  const options = modelOptions(given);
  using output = outputFor(given);
  using interruption = interruptible(() => output.line.clear());
  const { loadModel } = await import('../../lib/index.js');
  await using model = await loadModel(given.positional('model') ?? '', options);
  const counting = new Counting(output.line, 'evaluating');
  const found = await model.evaluate(given.positional('data') ?? '', {
    views,
    ...(split && { split }),
    signal: interruption.signal,
    onProgress: ({ done, total }) => counting.update(done, total),
  });
  output.line.clear();
  const { images, top1Error, top5Error, skipped } = found;
  output.lines([
    ...list([
      [
        'images',
        `${count(images)}, ${views === 1 ? 'the centre view of each' : 'ten views of each, averaged'}`,
      ],
      ['top-1 error', output.style.bold(percent(top1Error))],
      ['top-5 error', percent(top5Error)],
      ['loss', loss(found.loss)],
    ]),
    ...skippedLines(skipped),
  ]);
  output.value({ images, top1Error, top5Error, skipped });
  return exitCodes.done;
}

export const evaluate: CliCommand = {
  name: 'evaluate',
  usage: '<model> <data>',
  about: 'Measure top-1 and top-5 error on a store or a folder of images',
  positionals: [
    { name: 'model', about: "A run's folder (its best checkpoint) or a checkpoint file" },
    { name: 'data', about: 'A store, or a folder of class folders; its validation images where it has some' },
  ],
  options: {
    views: {
      group: 'Options:',
      about: "1: the centre crop; 10: the paper's ten patches, averaged",
      default: '1',
    },
    split: {
      group: 'Options:',
      about: 'Which images: train or validation',
      default: 'validation where there are some, else train',
    },
    batch: { group: 'Options:', about: 'Batch size: images computed at once', default: '32' },
    ...deviceOptions,
    json: jsonOption,
  },
  examples: [
    ['evaluate runs/mini-1 photos', 'top-1 and top-5 error'],
    ['evaluate runs/paper-1 imagenet.store --views 10', "as in the paper's tables"],
    ['evaluate runs/mini-1/checkpoints/last.safetensors photos --json', 'a checkpoint file, for a script'],
  ],
  run,
};
