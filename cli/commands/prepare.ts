/** alexnet-native prepare: images into a store, once, resumable; then a summary of it. */

import { readFile } from 'node:fs/promises';
import type { PrepareOptions } from '../../lib/index.js';
import { AlexNetError } from '../../lib/errors.js';
import { shellWord } from '../../lib/shell-word.js';
import { exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { duration, plural } from '../../lib/text/numbers.js';
import { outputFor } from '../ui/output.js';
import { Preparing } from '../ui/prepare-progress.js';
import { interruptible } from '../ui/signals.js';
import { summaryLines, summaryOf, warningLines } from '../ui/store-summary.js';
import { list } from '../../lib/text/table.js';
import { oneOf, path, positiveWhole, quality, truth } from '../values.js';

async function optionsFrom(given: Given): Promise<PrepareOptions> {
  const out = given.flag('out', path);
  if (out === undefined) throw new AlexNetError('USAGE', 'expected a folder for the store: --out STORE');
  const [size, threads] = [given.flag('size', positiveWhole), given.flag('threads', positiveWhole)];
  const fit = given.flag('fit', oneOf(['crop', 'warp']));
  const level = given.flag('quality', quality);
  const [classes, devkit] = [given.flag('classes', path), given.flag('devkit', path)];
  if (given.switch('raw') && level !== undefined)
    throw new AlexNetError('USAGE', '--raw and --quality are given both; expected one of them');
  return {
    out,
    ...(size !== undefined && { size }),
    ...(threads !== undefined && { threads }),
    ...(fit !== undefined && { fit }),
    ...(level !== undefined && { encoding: { kind: 'jpeg', quality: level } }),
    ...(given.switch('raw') && { encoding: { kind: 'raw' } }),
    ...(given.switch('allow-truncated') && { allowTruncated: true }),
    ...(given.switch('allow-empty-classes') && { allowEmptyClasses: true }),
    links: given.flag('links', truth) ?? true,
    ...(classes !== undefined && { classNames: await namesIn(classes) }),
    ...(devkit !== undefined && { devkit }),
  };
}

async function namesIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AlexNetError('USAGE', `expected a file of class names for --classes: ${error.message}`);
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

async function run(given: Given): Promise<number> {
  const options = await optionsFrom(given);
  const { out } = options;
  using output = outputFor(given);
  const { line, style } = output;
  using interruption = interruptible(() => {
    line.print(style.warning('saving what is done; press Ctrl-C again to stop at once'));
  });
  const { openStore, prepare: prepareImages } = await import('../../lib/index.js');
  const progress = new Preparing(line);
  const started = performance.now();
  const { outcome, items, skipped } = await prepareImages(given.positional('source') ?? '', {
    ...options,
    signal: interruption.signal,
    onProgress: (now) => progress.update(now),
  });
  line.clear();
  if (outcome === 'interrupted') {
    line.print(`stopped with ${plural(items, 'image')} in ${out}; run the same command again to go on`);
    output.value({ store: out, outcome, items, skipped });
    return exitCodes.interrupted;
  }
  await using store = await openStore(out);
  const summary = summaryOf(store, await store.skippedItems());
  const how =
    outcome === 'complete'
      ? 'is complete already; nothing to do'
      : `prepared in ${duration((performance.now() - started) / 1000)}`;
  output.lines([
    style.bold(`${out} ${how}`),
    ...warningLines(summary, style),
    ...summaryLines(out, summary),
    ...list([['train on it', `alexnet-native train ${shellWord(out)}`]], '  '),
  ]);
  output.value({ store: out, outcome, ...summary });
  return exitCodes.done;
}

const what = 'Images:';
const how = 'Work:';

export const prepare: CliCommand = {
  name: 'prepare',
  usage: '<source>',
  about: 'Turn images into a store, once, for train and evaluate',
  positionals: [
    {
      name: 'source',
      about:
        'A folder of class folders, of train/ and val/ (or test/), of the ILSVRC-2012 archives, of WebDataset shards, or of CIFAR-10 batches',
    },
  ],
  options: {
    out: { group: how, about: "The store's folder; an unfinished store is continued" },
    size: { group: what, about: 'Pixels a side', default: "256, CIFAR's own 32" },
    fit: {
      group: what,
      about: 'crop: the shorter side to the size, the centre of the longer; warp: both sides to the size',
      default: 'crop',
    },
    quality: { group: what, about: 'Records as JPEG of that quality, 1 to 100', default: '95' },
    raw: {
      group: what,
      switch: true,
      about: 'Records without compression',
      default: 'up to 96 pixels a side',
    },
    'allow-truncated': {
      group: what,
      switch: true,
      about:
        'Take files that end too soon; what is missing is grey, in PNG files black. Read damaged archives as far as possible',
      default: 'such files are skipped, such archives are an error',
    },
    'allow-empty-classes': {
      group: what,
      switch: true,
      about: 'Take class folders without images, and classes that the validation folder lacks',
      default: 'they are an error',
    },
    links: {
      group: what,
      switch: true,
      about: 'Follow symbolic links that lead out of the folder (--no-links: refuse them)',
      default: 'they are followed',
    },
    classes: { group: what, about: "A file with the classes' names, one a line, in the order of the labels" },
    devkit: { group: what, about: 'The ILSVRC-2012 development kit, where it is not beside the archives' },
    threads: { group: how, about: 'Threads that decode', default: 'the usable cores' },
    json: jsonOption,
  },
  examples: [
    ['prepare photos --out photos.store', 'a folder of class folders, at 256 × 256'],
    ['prepare ilsvrc2012 --out imagenet.store', 'the archives as they are downloaded'],
    ['prepare cifar-10-batches-bin --out cifar.store', 'small images stay as they are'],
  ],
  run,
};
