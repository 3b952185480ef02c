/** What `train` is to do: the preset's recipe, changed by a recipe file, changed by flags. Only what was given changes. */

import { AlexNetError } from '../../lib/errors.js';
import { recipes } from '../../lib/train/recipes.js';
import type { Augmentation, Recipe } from '../../lib/run/recipe.js';
import type { TrainOptions } from '../../lib/train/types.js';
import type { Given, Option } from '../command.js';
import { notNegative, path, truth } from '../values.js';
import { readRecipeFile, type RecipeFile } from './file.js';
import { scheduleFrom, scheduleOptions } from './schedule.js';
import { imagesGroup, runGroup, settings, settingsFrom, type Values } from './settings.js';

const optionsWhere = (fits: (group: string) => boolean): Record<string, Option> =>
  Object.fromEntries(
    Object.values(settings)
      .filter(({ group }) => fits(group))
      .map((setting) => [setting.flag, setting]),
  );

/** Every option of `train`, in the order of --help. */
export const trainOptionTable: Readonly<Record<string, Option>> = {
  ...optionsWhere((group) => group !== runGroup && group !== imagesGroup),
  ...scheduleOptions,
  crop: {
    group: imagesGroup,
    switch: true,
    about: 'Random crops (--no-crop: the centre)',
    default: "the preset's",
  },
  flip: {
    group: imagesGroup,
    switch: true,
    about: 'Random reflections (--no-flip: none)',
    default: "the preset's",
  },
  colour: {
    group: imagesGroup,
    about: 'Standard deviation of the PCA colour shift; 0: none',
    default: "the preset's",
  },
  ...optionsWhere((group) => group === imagesGroup),
  ...optionsWhere((group) => group === runGroup),
  resume: { group: runGroup, about: 'A run to go on with, for example runs/mini-1' },
  config: { group: runGroup, about: 'A recipe file (JSON); flags win over it' },
};

function augmentationFrom(given: Given): Partial<Augmentation> {
  const crop = given.flag('crop', truth);
  const flip = given.flag('flip', truth);
  const colour = given.flag('colour', notNegative);
  return {
    ...(crop !== undefined && { crop }),
    ...(flip !== undefined && { flip }),
    ...(colour !== undefined && { colour }),
  };
}

/** Epochs and steps are one question: whoever answers it last answers all of it. */
function lengthOf(flags: Values, file: Values): { epochs?: number; steps?: number } {
  for (const [values, names] of [
    [flags, '--epochs and --steps'],
    [file, 'epochs and steps'],
  ] as const) {
    const { epochs, steps } = values;
    if (epochs !== undefined && steps !== undefined) {
      throw new AlexNetError('USAGE', `${names} are given both; a run has one length`);
    }
    if (epochs !== undefined) return { epochs };
    if (steps !== undefined) return { steps };
  }
  return {};
}

/** The recipe's changes; `standard` is the preset's own. */
function recipeChanges(given: Given, file: RecipeFile, values: Values, standard: Recipe): Partial<Recipe> {
  const changes: { -readonly [K in keyof Recipe]?: Recipe[K] } = {};
  const { batch, learningRate, momentum, weightDecay, decayBiases, biasRate, dropout, initialisation } =
    values;
  const plain = {
    batch,
    learningRate,
    momentum,
    weightDecay,
    decayBiases,
    biasRate,
    dropout,
    initialisation,
  };
  Object.assign(
    changes,
    Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
  );

  const augmentation = { ...file.augmentation, ...augmentationFrom(given) };
  if (Object.keys(augmentation).length > 0)
    changes.augmentation = { ...standard.augmentation, ...augmentation };

  const schedule = scheduleFrom(given, file.schedule ?? standard.schedule) ?? file.schedule;
  if (schedule) changes.schedule = schedule;

  // The preset's rates of single layers and biases belong to its schedule and go with it.
  if (file.layerRates) changes.layerRates = file.layerRates;
  else if (schedule && Object.keys(standard.layerRates).length > 0) changes.layerRates = {};
  const asMultiple = given.has('bias-rate') || (biasRate !== undefined && !file.biasRates);
  if (file.biasRates && !asMultiple) changes.biasRates = file.biasRates;
  else if (standard.biasRates && (asMultiple || schedule)) changes.biasRates = [];
  return changes;
}

/** Less what is undefined. */
const defined = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

const withResume = [
  'resume',
  'epochs',
  'steps',
  'devices',
  'threads',
  'precision',
  'peer-access',
  'loader-threads',
];

/** A resumed run keeps what it was; other flags would be passed over in silence. */
function resumeOptions(given: Given, run: string): TrainOptions {
  const others = Object.keys(trainOptionTable).filter(
    (flag) => given.has(flag) && !withResume.includes(flag),
  );
  if (given.has('data')) others.unshift('DATA');
  const [first] = others;
  if (first !== undefined) {
    const name = first === 'DATA' ? 'DATA' : `--${first}`;
    throw new AlexNetError(
      'USAGE',
      `${name} cannot be changed by --resume: the run keeps its own; only --epochs, --steps and those of the devices may be given`,
    );
  }
  const values = settingsFrom(given);
  const { devices, threads, precision, peerAccess, loaderThreads } = values;
  return {
    resume: run,
    ...lengthOf(values, {}),
    ...defined({ devices, threads, precision, peerAccess, loaderThreads }),
  };
}

export async function trainOptionsFrom(given: Given): Promise<TrainOptions> {
  const resume = given.flag('resume', path);
  if (resume !== undefined) return resumeOptions(given, resume);
  const config = given.flag('config', path);
  const file: RecipeFile = config === undefined ? { values: {} } : await readRecipeFile(config);
  const flags = settingsFrom(given);
  const values: Values = { ...file.values, ...flags };
  const data = given.positional('data') ?? file.data;
  const preset = values.preset ?? (data === undefined ? 'mini' : 'paper');
  const { classes, allowEmptyClasses, devices, threads, precision, peerAccess, loaderThreads } = values;
  const { seed, out, checkpointEvery, saveEvery, validateEvery } = values;
  const where = { devices, threads, precision, peerAccess, loaderThreads };
  const images = { data, classes, allowEmptyClasses };
  const others = { ...images, ...where, seed, out, checkpointEvery, saveEvery, validateEvery };
  return {
    preset,
    ...lengthOf(flags, file.values),
    ...defined(others),
    recipe: recipeChanges(given, file, values, recipes[preset]),
  };
}
