/** A recipe file (--config): JSON with the names of Recipe and TrainOptions. */

import { readFile } from 'node:fs/promises';
import { AlexNetError } from '../../lib/errors.js';
import type { Augmentation, Change, Schedule } from '../../lib/run/recipe.js';
import {
  aboveOne,
  notNegative,
  oneOf,
  path,
  positiveWhole,
  record,
  refuse,
  truth,
  whole,
} from '../values.js';
import { readSettings, settingNames, type Values } from './settings.js';

export interface RecipeFile {
  readonly values: Values;
  readonly data?: string;
  readonly schedule?: Schedule;
  readonly augmentation?: Partial<Augmentation>;
  readonly layerRates?: Readonly<Record<string, readonly Change[]>>;
  readonly biasRates?: readonly Change[];
}

const known = [...settingNames, 'data', 'schedule', 'augmentation', 'layerRates', 'biasRates'];

/** How an error names a key: schedule.kind in recipe.json. */
type Naming = (key: string) => string;

function changesFrom(value: unknown, key: string, named: Naming): Change[] {
  if (!Array.isArray(value)) refuse('a list of {epoch, times}', named(key), value);
  return value.map((item: unknown, i) => {
    const at = `${key}[${i}]`;
    const change = record(item, named(at), ['epoch', 'times']);
    return {
      epoch: whole(change['epoch'], named(`${at}.epoch`)),
      times: notNegative(change['times'], named(`${at}.times`)),
    };
  });
}

function scheduleFrom(value: unknown, key: string, named: Naming): Schedule {
  const name = named(key);
  const kind = oneOf(['plateau', 'step', 'constant'])(record(value, name)['kind'], named(`${key}.kind`));
  switch (kind) {
    case 'plateau': {
      const given = record(value, name, ['kind', 'factor', 'reductions', 'patience']);
      return {
        kind,
        factor: aboveOne(given['factor'] ?? 10, named(`${key}.factor`)),
        reductions: whole(given['reductions'] ?? 3, named(`${key}.reductions`)),
        patience: positiveWhole(given['patience'] ?? 5, named(`${key}.patience`)),
      };
    }
    case 'step':
      return {
        kind,
        changes: changesFrom(record(value, name, ['kind', 'changes'])['changes'], `${key}.changes`, named),
      };
    case 'constant':
      record(value, name, ['kind']);
      return { kind };
  }
}

const augmentationChecks = {
  crop: truth,
  flip: truth,
  colour: notNegative,
  colourUntil: whole,
  sharedBy: positiveWhole,
  scale: oneOf(['none', 'authors']),
};

function augmentationFrom(value: unknown, key: string, named: Naming): Partial<Augmentation> {
  const given = record(value, named(key), Object.keys(augmentationChecks));
  const checked = Object.entries(augmentationChecks)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, check]) => [name, check(given[name], named(`${key}.${name}`))]);
  return Object.fromEntries(checked) as Partial<Augmentation>;
}

function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AlexNetError('USAGE', `${file} is not JSON: ${reason}`);
  }
}

export async function readRecipeFile(file: string): Promise<RecipeFile> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'it does not exist' : error.message;
    throw new AlexNetError('USAGE', `--config ${file} cannot be read: ${reason}`);
  });
  const given = record(parseJson(content, file), file, known);
  const named: Naming = (key) => `${key} in ${file}`;
  const optional = <T>(
    key: string,
    read: (value: unknown, key: string, named: Naming) => T,
  ): T | undefined => (given[key] === undefined ? undefined : read(given[key], key, named));
  const data = optional('data', (value, key) => path(value, named(key)));
  const schedule = optional('schedule', scheduleFrom);
  const augmentation = optional('augmentation', augmentationFrom);
  const biasRates = optional('biasRates', changesFrom);
  const layerRates = optional('layerRates', (value, key) =>
    Object.fromEntries(
      Object.entries(record(value, named(key))).map(([layer, changes]) => [
        layer,
        changesFrom(changes, `${key}.${layer}`, named),
      ]),
    ),
  );
  return {
    values: readSettings((key) =>
      given[key] === undefined ? undefined : { value: given[key], name: named(key) },
    ),
    ...(data !== undefined && { data }),
    ...(schedule && { schedule }),
    ...(augmentation && { augmentation }),
    ...(layerRates && { layerRates }),
    ...(biasRates && { biasRates }),
  };
}
