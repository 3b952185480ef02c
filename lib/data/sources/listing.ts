/** What a folder of images holds: FOLDER/<class>/*, or FOLDER/train/<class>/* and FOLDER/val/<class>/*. */

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { partsAmong, roleOf, some, type Parts } from './parts.js';
import type { Refused, SourceOptions, Split } from './types.js';
import { Walk, type ClassFiles, type FolderEntry } from './walk.js';

export interface FoundFile {
  readonly file: string;
  /** Index into the classes. */
  readonly label: number;
  readonly split: Split;
}

export interface FolderContents {
  /** Names of the class folders, in byte order: the order of the labels. */
  readonly classes: readonly string[];
  /** Those for training first; names of those refused are relative to the folder. */
  readonly found: readonly (FoundFile | Refused)[];
  /** Which folders are for what; null where the classes lie in the folder itself. */
  readonly parts: Parts | null;
}

const fail = (message: string): never => {
  throw new AlexNetError('DATA', message);
};

/** Throws AlexNetError DATA where there is nothing to train on. */
export async function listFolder(
  path: string,
  { allowEmptyClasses = false, links = true }: SourceOptions = {},
): Promise<FolderContents> {
  const walk = new Walk(path, await realpath(path).catch(() => path), { allowEmptyClasses, links });
  const top = await walk.entries(path);
  const parts = await partsOf(path, top, walk);
  if (!parts) {
    const { classes, refused } = await walk.classes(path, top);
    const names = [...classes.keys()];
    return { classes: names, found: [...refused, ...labelled(classes, names, 'train')], parts };
  }
  const train = await walk.classes(join(path, parts.train[0] ?? ''));
  const names = [...train.classes.keys()];
  const found = [...train.refused, ...labelled(train.classes, names, 'train')];
  const [held] = parts.validation;
  if (held === undefined) return { classes: names, found, parts };
  const validation = await walk.classes(join(path, held));
  const missing = names.filter((name) => !validation.classes.has(name));
  const extra = [...validation.classes.keys()].filter((name) => !train.classes.has(name));
  if (missing.length > 0 && !allowEmptyClasses)
    fail(
      `${join(path, held)} lacks classes that ${parts.train[0]} has: ${some(missing)}; add them, or --allow-empty-classes`,
    );
  if (extra.length > 0) fail(`${join(path, held)} has classes that ${parts.train[0]} lacks: ${some(extra)}`);
  return {
    classes: names,
    found: [...found, ...validation.refused, ...labelled(validation.classes, names, 'validation')],
    parts,
  };
}

/** null where the folders are classes. */
async function partsOf(path: string, top: readonly FolderEntry[], walk: Walk): Promise<Parts | null> {
  for (const { name, kind } of top) {
    if (roleOf(name) !== null && typeof kind === 'object') fail(`${join(path, name)}: ${kind.reason}`);
  }
  const folders = top.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const parts = partsAmong(path, folders);
  if (!parts || folders.every((name) => roleOf(name) !== null)) return parts;
  // Pictures of trains, beside those of cars: a class is a folder without folders.
  const inside = await walk.entries(join(path, parts.train[0] ?? ''));
  return inside.some(({ kind }) => kind === 'folder') ? parts : null;
}

const labelled = (
  folders: ReadonlyMap<string, ClassFiles>,
  classes: readonly string[],
  split: Split,
): (FoundFile | Refused)[] =>
  classes.flatMap((name, label) =>
    (folders.get(name) ?? []).map((found) =>
      typeof found === 'string' ? { file: found, label, split } : found,
    ),
  );
