/** alexnet-native classify: what a trained network sees in images. */

import type { Classification } from '../../lib/model.js';
import { deviceOptions, exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { program } from '../parser.js';
import { percent } from '../../lib/text/numbers.js';
import { outputFor, type Output } from '../ui/output.js';
import { interruptible } from '../ui/signals.js';
import { table } from '../../lib/text/table.js';
import { positiveWhole, views as viewCount } from '../values.js';
import { modelOptions } from './model-options.js';

const usualBatch = 32;

function forPeople({ image, predictions }: Classification, style: Output['style']): string[] {
  if (!predictions) return [];
  const columns = [
    { title: '', align: 'right' },
    { title: '', align: 'left' },
  ] as const;
  const rows = predictions.map(({ label, probability }) => [percent(probability), label]);
  return [style.bold(image), ...table(columns, rows, '  ').slice(1)];
}

async function run(given: Given): Promise<number> {
  const views = given.flag('views', viewCount) ?? 1;
  const top = given.flag('top', positiveWhole) ?? 5;
  const images = given.positionals('images');
  // The devices always take whole batches: a few images should not pay for 32.
  const options = { batch: Math.min(usualBatch, images.length), ...modelOptions(given) };
  using output = outputFor(given);
  using interruption = interruptible(() => undefined);
  const { loadModel } = await import('../../lib/index.js');
  await using model = await loadModel(given.positional('model') ?? '', options);
  const results = await model.classify(images, { top, views, signal: interruption.signal });
  output.lines(results.flatMap((result) => forPeople(result, output.style)));
  for (const { image, error } of results) {
    if (error !== undefined) output.problem(`${program}: ${image}: ${error}`);
  }
  output.value(results);
  // One bad image does not stop the others, but scripts have to notice it.
  return results.every(({ error }) => error === undefined) ? exitCodes.done : exitCodes.failed;
}

export const classify: CliCommand = {
  name: 'classify',
  usage: '<model> <images..>',
  about: 'Say what images show, most probable first',
  positionals: [
    { name: 'model', about: "A run's folder (its best checkpoint) or a checkpoint file" },
    { name: 'images', about: 'Image files of any common format' },
  ],
  options: {
    top: { group: 'Options:', about: 'Predictions per image', default: '5' },
    views: {
      group: 'Options:',
      about: "1: the centre crop; 10: the paper's ten patches, averaged",
      default: '1',
    },
    batch: {
      group: 'Options:',
      about: 'Batch size: images computed at once',
      default: 'as many as given, at most 32',
    },
    ...deviceOptions,
    json: jsonOption,
  },
  examples: [
    ['classify runs/mini-1 cat.jpg', 'the five most probable classes'],
    ['classify runs/mini-1 *.jpg --top 1 --json', 'one prediction an image, for a script'],
  ],
  run,
};
