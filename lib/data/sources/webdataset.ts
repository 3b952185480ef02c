/**
 * WebDataset: tar shards in which consecutive files of one name, up to its first dot, are a sample: an image (.jpg, .jpeg,
 * .png or .webp) and its label, a whole number in a .cls or in a .json under "label", "cls", "class" or "class_id". A .json may
 * name the class, too, under "class_name" or "classname".
 */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { openFile } from './archive-file.js';
import { archiveItems, type Archive, type RefusedArchive } from './archives.js';
import { classNamesIn } from './class-names.js';
import { samples } from './samples.js';
import type { Source, SourceOptions, Split } from './types.js';
import { tarEntries } from './tar.js';

export interface TarShard {
  /** Relative to the folder. */
  readonly name: string;
  readonly file: string;
  readonly split: Split;
}

const heldOut = ['val', 'validation', 'test'];

/**
 * The .tar files in train/ and val/ (validation/, test/), or those beside each other in `folder`, told apart by such words in
 * their names. null where there are none.
 */
export async function shardsIn(folder: string): Promise<TarShard[] | null> {
  const within = async (inner: string, split: Split): Promise<TarShard[]> =>
    (await tarsIn(join(folder, inner))).map((name) => ({
      name: `${inner}/${name}`,
      file: join(folder, inner, name),
      split,
    }));
  const train = await within('train', 'train');
  if (train.length > 0) {
    for (const inner of heldOut) {
      const shards = await within(inner, 'validation');
      if (shards.length > 0) return [...train, ...shards];
    }
    return train;
  }
  const beside = await tarsIn(folder);
  const held = heldOut.map((word) => beside.filter((name) => hasWord(name, word)));
  const validation = held.find((some) => some.length > 0) ?? [];
  const rest = beside.filter((name) => !held.flat().includes(name));
  const shard = (split: Split) => (name: string) => ({ name, file: join(folder, name), split });
  // Shards of a single kind are for training, whatever they are called.
  if (rest.length === 0) return beside.length > 0 ? beside.map(shard('train')) : null;
  return [...rest.map(shard('train')), ...validation.map(shard('validation'))];
}

/** In byte order. None where there are folders, too: then it is images that lie there, and the archive they came in. */
async function tarsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const shown = names.filter((name) => !name.startsWith('.'));
  const tars = shown.filter((name) => name.endsWith('.tar'));
  if (tars.length === 0) return [];
  for (const name of shown) {
    const found = name.endsWith('.tar') ? null : await stat(join(folder, name)).catch(() => null);
    if (found?.isDirectory()) return [];
  }
  return tars.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const hasWord = (name: string, word: string): boolean =>
  new RegExp(`(?<![a-z])${word}(?![a-z])`, 'i').test(name);

/** Name of an archive's first file. Throws AlexNetError DATA where it is no archive or an empty one. */
export async function firstEntryOf(path: string): Promise<string> {
  await using file = await openFile(path);
  for await (const entry of tarEntries(file.seek, 0, file.size)) {
    if ('reason' in entry) throw new AlexNetError('DATA', `${path}: ${entry.reason}`);
    if (entry.kind === 'file') return entry.name;
  }
  throw new AlexNetError('DATA', `${path}: the archive is empty`);
}

/**
 * Classes have the names given, or else those in the samples' .json, for which all headers are read first. Throws AlexNetError
 * DATA where a label has two names there.
 */
export async function openWebDataset(
  path: string,
  shards: readonly TarShard[],
  options: SourceOptions,
): Promise<Source> {
  if (shards.every(({ name }) => /^n\d{8}\.tar$/.test(name)))
    throw new AlexNetError(
      'DATA',
      `${path} holds the archives out of ILSVRC2012_img_train.tar; expected that file itself`,
    );
  const hash = createHash('sha256').update(JSON.stringify(options.classNames ?? null));
  const archives: (Archive | RefusedArchive)[] = [];
  let bytes = 0;
  for (const { name, file, split } of shards) {
    const found = await stat(file).catch(() => null);
    hash.update(JSON.stringify([name, split, found?.size, found?.mtimeMs]));
    if (found?.isFile()) archives.push({ name, split, file, start: 0, end: found.size, before: bytes });
    else archives.push({ name, reason: 'it is not a file', bytesRead: bytes });
    bytes += found?.isFile() ? found.size : 0;
  }
  const given = options.classNames?.map((name) => ({ name }));
  return {
    kind: 'webdataset',
    path,
    fingerprint: hash.digest('hex'),
    classes: given ?? (await classNamesIn(archives.filter((archive) => 'file' in archive))),
    images: null,
    bytes,
    items: (from) => archiveItems(archives, from, samples),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
