/** What `train` can be told by a flag and by a recipe file alike: one name, one check for both. */

import { presetNames } from '../../lib/graph/presets.js';
import { precisions } from '../../lib/plan/precision.js';
import { initialisations } from '../../lib/runtime/initialise.js';
import { deviceOptions, type Given, type Option } from '../command.js';
import {
  fraction,
  notNegative,
  oneOf,
  path,
  positive,
  positiveWhole,
  text,
  truth,
  whole,
  wholeOfTwo,
  type Check,
} from '../values.js';

interface Setting<T> extends Option {
  readonly flag: string;
  readonly check: Check<T>;
}

const setting = <T>(
  flag: string,
  check: Check<T>,
  group: string,
  about: string,
  standard?: string,
): Setting<T> => ({
  flag,
  check,
  group,
  about,
  ...(standard !== undefined && { default: standard }),
});

const network = 'Network and devices:';
const length = 'Length:';
const learning = 'Learning:';
export const imagesGroup = 'Images in training:';
export const runGroup = 'Run:';
const own = "the preset's";

/** In the order of --help; the keys are the names in TrainOptions, Recipe and recipe files. */
export const settings = {
  preset: setting(
    'preset',
    oneOf(presetNames),
    network,
    `Network and recipe: ${presetNames.join(', ')}`,
    'mini for the demo set, paper for your images',
  ),
  classes: setting('classes', wholeOfTwo, network, 'Stop if the images have another number of classes'),
  devices: setting('devices', text, network, deviceOptions.devices.about, deviceOptions.devices.default),
  threads: setting(
    'threads',
    positiveWhole,
    network,
    deviceOptions.threads.about,
    deviceOptions.threads.default,
  ),
  precision: setting(
    'precision',
    oneOf(precisions),
    network,
    deviceOptions.precision.about,
    deviceOptions.precision.default,
  ),
  peerAccess: {
    ...setting(
      'peer-access',
      truth,
      network,
      deviceOptions['peer-access'].about,
      deviceOptions['peer-access'].default,
    ),
    switch: true as const,
  },
  loaderThreads: setting(
    'loader-threads',
    positiveWhole,
    network,
    'Threads that decode images',
    'on cards the usable cores but one, else 1',
  ),
  epochs: setting('epochs', positive, length, 'Passes over the training images', own),
  steps: setting('steps', positiveWhole, length, 'Number of steps, instead of --epochs'),
  batch: setting('batch', positiveWhole, learning, 'Batch size: images per step', own),
  learningRate: setting('learning-rate', positive, learning, 'ε at the start', own),
  momentum: setting('momentum', fraction, learning, 'Share of the last update in the next one', own),
  weightDecay: setting('weight-decay', notNegative, learning, 'Pull of the weights towards 0', own),
  decayBiases: {
    ...setting('decay-biases', truth, learning, 'Decay biases as well as weights', own),
    switch: true as const,
  },
  biasRate: setting(
    'bias-rate',
    notNegative,
    learning,
    "Biases learn at this multiple of the weights' ε",
    own,
  ),
  dropout: {
    ...setting('dropout', truth, learning, 'Dropout (--no-dropout: without)', own),
    switch: true as const,
  },
  initialisation: setting(
    'initialisation',
    oneOf(initialisations),
    learning,
    `Initial weights: ${initialisations.join(', ')}`,
    own,
  ),
  allowEmptyClasses: {
    ...setting(
      'allow-empty-classes',
      truth,
      imagesGroup,
      'Take classes without images, in training or in validation',
      'they are an error',
    ),
    switch: true as const,
  },
  seed: setting('seed', whole, runGroup, 'The same seed gives the same run', '1'),
  out: setting('out', path, runGroup, "The run's folder", 'runs/<preset>-<n>'),
  checkpointEvery: setting(
    'checkpoint-every',
    positiveWhole,
    runGroup,
    'Keep a numbered checkpoint every so many steps',
  ),
  saveEvery: setting('save-every', positiveWhole, runGroup, 'Steps between saves', 'an epoch, at most 500'),
  validateEvery: setting('validate-every', positiveWhole, runGroup, 'Steps between validations', 'an epoch'),
};

type Settings = typeof settings;
type Mutable = { -readonly [K in keyof Settings]?: ReturnType<Settings[K]['check']> };
export type Values = Readonly<Mutable>;

export const settingNames = Object.keys(settings) as (keyof Settings)[];

/** Reads every setting that `find` has a value for. */
export function readSettings(
  find: (key: keyof Settings, flag: string) => { value: unknown; name: string } | undefined,
): Values {
  const values: Record<string, unknown> = {};
  for (const key of settingNames) {
    const { flag, check } = settings[key];
    const found = find(key, flag);
    if (found) values[key] = check(found.value, found.name);
  }
  return values as Values;
}

export const settingsFrom = (given: Given): Values =>
  readSettings((_, flag) => (given.has(flag) ? { value: given.raw(flag), name: `--${flag}` } : undefined));
