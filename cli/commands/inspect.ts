/** alexnet-native inspect: what is in a store, in figures and in pictures. */

import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Picture } from '../../lib/data/inspect/sheet.js';
import type { ImageStore } from '../../lib/data/store/types.js';
import { AlexNetError } from '../../lib/errors.js';
import { preset, presetNames, type PresetName } from '../../lib/graph/presets.js';
import { exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { Counting } from '../ui/counting.js';
import { count, plural } from '../../lib/text/numbers.js';
import { outputFor, type Output } from '../ui/output.js';
import { interruptible } from '../ui/signals.js';
import { summaryLines, summaryOf, warningLines } from '../ui/store-summary.js';
import { oneOf, path, positiveWhole, whole as wholeNumber, refuse } from '../values.js';

const most = 1000;
/** Pictures on a sheet, and with --augmented the images and the training views of each. */
const usual = { pictures: 24, images: 5, views: 6 };

interface Sheet {
  readonly pictures: readonly Picture[];
  readonly columns: number;
  readonly note: string;
}

/** The preset that was asked for, or the first one that reads such images. */
function presetFor(given: Given, { size, fit }: ImageStore): PresetName {
  const reads = (name: PresetName): boolean => {
    const { store, fit: wanted } = preset(name, 2).preprocessing;
    return store === size && wanted === fit;
  };
  const name = given.flag('preset', oneOf(presetNames)) ?? presetNames.find(reads);
  if (name === undefined)
    throw new AlexNetError(
      'DATA',
      `no preset reads ${fit === 'crop' ? 'cropped' : 'warped'} images of ${size} × ${size} pixels`,
    );
  return name;
}

async function augmentedSheet(given: Given, store: ImageStore, seed: number): Promise<Sheet> {
  const [{ chosen }, { seenPictures }, { checkFits }, { recipes }, { closeOps }, { seedWords }] =
    await Promise.all([
      import('../../lib/data/inspect/records.js'),
      import('../../lib/data/inspect/seen.js'),
      import('../../lib/data/store/fits.js'),
      import('../../lib/train/recipes.js'),
      import('../../lib/ops.js'),
      import('../../lib/random/philox.js'),
    ]);
  const name = presetFor(given, store);
  const { preprocessing } = preset(name, Math.max(2, store.classes.length));
  checkFits(store, preprocessing);
  const indices = chosen(store.splits.train, countFrom(given, usual.images), seed);
  const { views } = usual;
  const options = { preprocessing, augmenting: recipes[name].augmentation, seed: seedWords(seed), views };
  const pictures = await seenPictures(store, indices, options);
  await closeOps();
  const note = `what the network of the ${name} preset sees of each in ${plural(views, 'training step')}, the mean put back; seed ${seed}`;
  return { pictures, columns: views + 1, note };
}

async function recordSheet(given: Given, store: ImageStore, seed: number): Promise<Sheet> {
  const [{ chosen, recordPictures }, { columnsFor }] = await Promise.all([
    import('../../lib/data/inspect/records.js'),
    import('../../lib/data/inspect/sheet.js'),
  ]);
  const indices = chosen({ start: 0, end: store.count }, countFrom(given, usual.pictures), seed);
  const pictures = await recordPictures(store, indices);
  const note = `${count(indices.length)} of ${plural(store.count, 'image')}, ${store.size} × ${store.size} pixels; seed ${seed}`;
  return { pictures, columns: columnsFor(indices.length), note };
}

function countFrom(given: Given, standard: number): number {
  const asked = given.flag('count', positiveWhole) ?? standard;
  if (asked > most) refuse(`at most ${most}`, '--count', asked);
  return asked;
}

async function writeSheet(file: string, given: Given, store: ImageStore): Promise<void> {
  const seed = given.flag('seed', wholeNumber) ?? 1;
  const sheet = given.switch('augmented')
    ? await augmentedSheet(given, store, seed)
    : await recordSheet(given, store, seed);
  const { drawSheet } = await import('../../lib/data/inspect/sheet.js');
  const { pictures, columns, note } = sheet;
  const png = await drawSheet(pictures, { title: basename(store.path), note, columns });
  await writeFile(file, png).catch((error: NodeJS.ErrnoException) => {
    throw new AlexNetError('DATA', `the sheet could not be written: ${error.message}`);
  });
}

interface Findings {
  /** The damaged records. */
  readonly damaged: readonly string[];
  /** What else is not as it was written. */
  readonly changed: readonly string[];
  readonly described: boolean;
}

async function verify(store: ImageStore, { line }: Output): Promise<Findings> {
  using interruption = interruptible(() => line.clear());
  const { verifyRecords } = await import('../../lib/data/inspect/verify.js');
  const counting = new Counting(line, 'verifying');
  const { damaged, changed, described } = await verifyRecords(store, {
    signal: interruption.signal,
    onProgress: (done, total) => counting.update(done, total),
  });
  line.clear();
  return { damaged: damaged.map((index) => `image ${index}, ${store.name(index)}`), changed, described };
}

/** The lines of the list. */
function verified({ damaged, changed, described }: Findings): [name: string, value: string][] {
  const wrong = [
    ...(damaged.length > 0 ? [`${plural(damaged.length, 'record')} damaged`] : []),
    ...changed.map((what) => `${what} changed`),
  ];
  const whole = described
    ? 'every record, and all that is said of them, is as it was written'
    : 'every record is as it was written';
  return [
    ['verified', wrong.length > 0 ? wrong.join('; ') : whole],
    ...(described
      ? []
      : [
          ['not checked', 'names, means and colours: the store has no checksums of them'] satisfies [
            string,
            string,
          ],
        ]),
  ];
}

function checkGiven(given: Given): string | undefined {
  const sheet = given.flag('sheet', path);
  for (const name of ['augmented', 'count', 'seed'])
    if (sheet === undefined && given.has(name))
      throw new AlexNetError('USAGE', `--${name} is about a sheet; add --sheet FILE.png`);
  if (given.has('preset') && !given.switch('augmented'))
    throw new AlexNetError('USAGE', '--preset is about training views; add --augmented');
  return sheet;
}

async function run(given: Given): Promise<number> {
  const sheet = checkGiven(given);
  using output = outputFor(given);
  const { openStore } = await import('../../lib/data/store/reader.js');
  const folder = given.positional('store') ?? '';
  await using store = await openStore(folder);
  const summary = summaryOf(store, await store.skippedItems());
  if (sheet !== undefined) await writeSheet(sheet, given, store);
  const findings = given.switch('verify') ? await verify(store, output) : null;
  output.lines([
    output.style.bold(folder),
    ...warningLines(summary, output.style),
    ...summaryLines(folder, summary, [
      ...(sheet === undefined ? [] : [['sheet', sheet] as const]),
      ...(findings ? verified(findings) : []),
    ]),
    ...(findings?.damaged ?? []).map((which) => `    damaged: ${which}`),
  ]);
  output.value({
    store: folder,
    ...summary,
    ...(sheet !== undefined && { sheet }),
    ...findings,
  });
  const whole = !findings || findings.damaged.length + findings.changed.length === 0;
  return whole ? exitCodes.done : exitCodes.failed;
}

const picture = 'A contact sheet:';

export const inspect: CliCommand = {
  name: 'inspect',
  usage: '<store>',
  about: 'Show what is in a store, in figures and in pictures',
  positionals: [{ name: 'store', about: 'A folder made by prepare' }],
  options: {
    sheet: {
      group: picture,
      about: 'Draw some of the images, with their classes, into a PNG file of that name',
    },
    augmented: {
      group: picture,
      switch: true,
      about: 'What a network sees of some of them in training: crops, reflections, colours',
    },
    preset: {
      group: picture,
      about: `Whose training: ${presetNames.join(', ')}`,
      default: 'the first that reads images of this size',
    },
    count: {
      group: picture,
      about: 'Images',
      default: `${usual.pictures}, or ${usual.images} with --augmented`,
    },
    seed: { group: picture, about: 'Another seed chooses other images', default: '1' },
    verify: { group: 'Output:', switch: true, about: 'Read everything and compare it with its checksum' },
    json: jsonOption,
  },
  examples: [
    ['inspect photos.store', 'how many images, their size, their colours, what was skipped and why'],
    ['inspect photos.store --sheet photos.png', 'and 24 of them in a picture'],
    [
      'inspect photos.store --sheet seen.png --augmented --preset authors',
      "as the authors' program trains on them",
    ],
    ['inspect photos.store --verify', 'whether the disk still holds what was written'],
  ],
  run,
};
