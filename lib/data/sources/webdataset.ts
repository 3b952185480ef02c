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
import { partsAmong, roleOf, roleWithin, type Parts } from './parts.js';
import { samples } from './samples.js';
import type { Source, SourceOptions, Split } from './types.js';
import { tarEntries } from './tar.js';

export interface TarShard {
  /** Relative to the folder. */
  readonly name: string;
  readonly file: string;
  readonly split: Split;
}

export interface Shards {
  readonly shards: readonly TarShard[];
  readonly parts?: Parts;
}

/**
 * The .tar files in folders for training and for validation, or those beside each other in `folder`, told apart by such words
 * in their names. null where there are none. Throws AlexNetError DATA where it cannot be told which are for what.
 */
export async function shardsIn(folder: string): Promise<Shards | null> {
  const within = async (inner: string, split: Split): Promise<TarShard[]> =>
    (await tarsIn(join(folder, inner))).map((name) => ({
      name: `${inner}/${name}`,
      file: join(folder, inner, name),
      split,
    }));
  const named = await namesIn(folder);
  const filled: string[] = [];
  for (const name of named)
    if (roleOf(name) !== null && (await tarsIn(join(folder, name))).length > 0) filled.push(name);
  const parts = filled.some((name) => roleOf(name) === 'train') ? partsAmong(folder, filled) : null;
  if (parts) {
    const of = async (names: readonly string[], split: Split): Promise<TarShard[]> =>
      (await Promise.all(names.map(async (name) => await within(name, split)))).flat();
    const shards = [...(await of(parts.train, 'train')), ...(await of(parts.validation, 'validation'))];
    return { shards, parts };
  }
  return shardsBeside(folder, await tarsIn(folder));
}

function shardsBeside(folder: string, names: readonly string[]): Shards | null {
  if (names.length === 0) return null;
  const shard = (split: Split) => (name: string) => ({ name, file: join(folder, name), split });
  const of = (role: ReturnType<typeof roleWithin>): string[] =>
    names.filter((name) => roleWithin(name) === role);
  const [validation, test] = [of('validation'), of('test')];
  const train = names.filter((name) => !validation.includes(name) && !test.includes(name));
  // Shards of a single kind are for training, whatever they are called.
  if (train.length === 0 || train.length === names.length) return { shards: names.map(shard('train')) };
  const held = validation.length > 0 ? validation : test;
  return {
    shards: [...train.map(shard('train')), ...held.map(shard('validation'))],
    parts: { train, validation: held, leftAlone: validation.length > 0 ? test : [] },
  };
}

/** Not hidden, in byte order. */
const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((name) => !name.startsWith('.'))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** In byte order. None where there are folders, too: then it is images that lie there, and the archive they came in. */
async function tarsIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  const tars = names.filter((name) => name.endsWith('.tar'));
  if (tars.length === 0) return [];
  for (const name of names) {
    const found = name.endsWith('.tar') ? null : await stat(join(folder, name)).catch(() => null);
    if (found?.isDirectory()) return [];
  }
  return tars;
}

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
  { shards, parts }: Shards,
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
    ...(parts && { parts }),
    images: null,
    bytes,
    items: (from) => archiveItems(archives, from, options.allowTruncated === true, samples),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
