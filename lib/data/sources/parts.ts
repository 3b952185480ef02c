/** Which part of a data set is for training and which for validation, by the names that people give to folders and shards. */

import { AlexNetError } from '../../errors.js';

const words = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation', 'dev'],
  test: ['test', 'testing'],
} as const;

type Role = keyof typeof words;

const roles = Object.keys(words) as Role[];

/** What was taken for what: names of folders or shards inside the source. */
export interface Parts {
  readonly train: readonly string[];
  /** A test part among them only where there is none for validation. */
  readonly validation: readonly string[];
  /** Beside them, and not read. */
  readonly leftAlone: readonly string[];
}

/** Of a folder's name, in any case; null for all other names. */
export function roleOf(name: string): Role | null {
  const lower = name.toLowerCase();
  return roles.find((role) => (words[role] as readonly string[]).includes(lower)) ?? null;
}

/** Of a name that has such a word in it: photos-valid-0001.tar. */
export function roleWithin(name: string): Role | null {
  const has = (word: string): boolean => new RegExp(`(?<![a-z])${word}(?![a-z])`, 'i').test(name);
  // A word for a part that is held out counts more: train-val-000.tar is for validation.
  return (['validation', 'test', 'train'] as const).find((role) => words[role].some(has)) ?? null;
}

/**
 * The parts among the folders in `path`; null where their names are no parts' names. Throws AlexNetError DATA where two of
 * them could be the same part, and where none could be for training.
 */
export function partsAmong(path: string, folders: readonly string[]): Parts | null {
  const of = (role: Role): string[] => folders.filter((name) => roleOf(name) === role);
  const [train, validation, test] = [of('train'), of('validation'), of('test')];
  if (train.length === 0) {
    if (folders.length === 0 || folders.some((name) => roleOf(name) === null)) return null;
    throw new AlexNetError(
      'DATA',
      `${path} has ${folders.join(' and ')}, but no folder for training; expected train beside it`,
    );
  }
  const held = validation.length > 0 ? validation : test;
  for (const [names, use] of [
    [train, 'training'],
    [held, 'validation'],
  ] as const) {
    if (names.length > 1)
      throw new AlexNetError(
        'DATA',
        `${path} has several folders for ${use}: ${names.join(', ')}; expected one`,
      );
  }
  const read = [...train, ...held];
  return { train, validation: held, leftAlone: folders.filter((name) => !read.includes(name)) };
}

/** Names shown of many. */
const shown = 3;

export const some = (names: readonly string[]): string =>
  names.slice(0, shown).join(', ') + (names.length > shown ? ` and ${names.length - shown} more` : '');

/** In words. */
export function partsText({ train, validation, leftAlone }: Parts): string {
  const test = validation.some((name) => (roleOf(name) ?? roleWithin(name)) === 'test');
  const held =
    validation.length === 0
      ? []
      : [`${some(validation)} for validation${test ? ', as there is no other' : ''}`];
  const rest = leftAlone.length === 0 ? [] : [`${some(leftAlone)} left alone`];
  return [`${some(train)} for training`, ...held, ...rest].join('; ');
}
