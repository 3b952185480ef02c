/** The ILSVRC-2012 archives as they are downloaded, read where they lie: 140 GB, nothing of them unpacked. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { openFile } from './archive-file.js';
import {
  archiveItems,
  damagedArchive,
  refusal,
  type Archive,
  type Entries,
  type Found,
  type RefusedArchive,
} from './archives.js';
import { readDevkit, type Devkit } from './devkit.js';
import type { ClassName, Published, Source, SourceOptions } from './types.js';
import { tarEntries, type ReadAt } from './tar.js';

const fileNames = {
  train: 'ILSVRC2012_img_train.tar',
  validation: 'ILSVRC2012_img_val.tar',
  devkit: 'ILSVRC2012_devkit_t12.tar.gz',
};

/** Their paths. */
export interface ImageNetFiles {
  readonly train: string;
  readonly validation?: string;
  readonly devkit?: string;
}

/** Of a folder with such names in it; null where it has neither archive. Throws AlexNetError DATA without the training images. */
export function imageNetFiles(folder: string, names: ReadonlySet<string>): ImageNetFiles | null {
  const path = (name: string): string => join(folder, name);
  const unpacked = fileNames.devkit.replace('.tar.gz', '');
  const devkit = [fileNames.devkit, unpacked].find((name) => names.has(name));
  const validation = names.has(fileNames.validation);
  if (!names.has(fileNames.train)) {
    if (!validation) return null;
    throw new AlexNetError('DATA', `${folder} has no ${fileNames.train}; put it there`);
  }
  return {
    train: path(fileNames.train),
    ...(validation && { validation: path(fileNames.validation) }),
    ...(devkit !== undefined && { devkit: path(devkit) }),
  };
}

/** What archives of these names hold as they were published. */
const publishedIn = ({ train, validation }: ImageNetFiles): Published => ({
  ...(basename(train) === fileNames.train && { train: { images: 1_281_167, classes: 1000 } }),
  ...(validation !== undefined && { validation: { images: 50_000 } }),
});

/** One class's training images, or all validation images, whose names tell the class. */
interface ImageNetArchive extends Archive {
  readonly label: number | null;
}

/**
 * Labels count the classes in the order of their wnids: those the development kit has, without it those the archive has.
 * Throws AlexNetError DATA where the archives cannot be used.
 */
export async function openImageNet(
  path: string,
  files: ImageNetFiles,
  options: SourceOptions,
): Promise<Source> {
  const kit = options.devkit ?? files.devkit;
  if (files.validation && kit === undefined)
    throw new AlexNetError(
      'DATA',
      `${path}: the validation images' classes are in ${fileNames.devkit}; put it there too, or give --devkit`,
    );
  const devkit = kit === undefined ? null : await readDevkit(kit);
  const outer = await outerArchive(files.train);
  const { allowTruncated = false } = options;
  // Its headers were read just now: better said before hours of work than after them.
  if (outer.damage !== null && !allowTruncated) throw damagedArchive(files.train, null, outer.damage);
  const classes = devkit?.classes ?? classesOf(outer.members);
  const labels = new Map(classes.map(({ wnid }, label) => [wnid, label]));
  const train = trainArchives(files.train, outer, labels);
  const { validation } = files;
  const validationSize = validation === undefined ? 0 : (await stat(validation)).size;
  const archives =
    validation === undefined ? train : [...train, validationArchive(validation, validationSize, outer.size)];
  return {
    kind: 'imagenet',
    path,
    fingerprint: await fingerprintOf(files, devkit, classes),
    classes,
    published: publishedIn(files),
    images: null,
    bytes: outer.size + validationSize,
    items: (from) =>
      archiveItems(archives, from, allowTruncated, (archive, entries, read) =>
        images(archive, entries, read, devkit),
      ),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

/** Of the training images' archive: the archives in it, one a class, and what else there is to say. */
interface Outer {
  readonly size: number;
  readonly members: readonly {
    name: string;
    wnid: string | null;
    start: number;
    end: number;
    cut: boolean;
  }[];
  readonly damage: string | null;
}

const wnidOf = (name: string): string | null => /^(?:.*\/)?(n\d{8})\.tar$/.exec(name)?.[1] ?? null;

async function outerArchive(path: string): Promise<Outer> {
  await using file = await openFile(path);
  const members: Outer['members'][number][] = [];
  let damage: string | null = null;
  for await (const entry of tarEntries(file.seek, 0, file.size)) {
    if ('reason' in entry) damage = entry.reason;
    else if (entry.kind !== 'folder') {
      const { name, data, size, whole } = entry;
      const wnid = entry.kind === 'file' ? wnidOf(name) : null;
      members.push({ name, wnid, start: data, end: Math.min(data + size, file.size), cut: !whole });
    }
  }
  if (!members.some(({ wnid }) => wnid !== null))
    throw new AlexNetError(
      'DATA',
      `${path}${damage === null ? '' : `: ${damage}`}; expected an archive of archives, one a class (n01440764.tar …)`,
    );
  return { size: file.size, members, damage };
}

const classesOf = (members: Outer['members']): Required<ClassName>[] =>
  [...new Set(members.flatMap(({ wnid }) => wnid ?? []))].toSorted().map((wnid) => ({ name: wnid, wnid }));

function trainArchives(
  file: string,
  { size, members, damage }: Outer,
  labels: ReadonlyMap<string, number>,
): (ImageNetArchive | RefusedArchive)[] {
  const archives = members.map(({ name, wnid, start, end, cut }): ImageNetArchive | RefusedArchive => {
    const label = labels.get(wnid ?? '');
    if (label !== undefined && wnid !== null)
      return { name, split: 'train', file, start, end, before: 0, excused: cut, label };
    const reason = wnid === null ? 'it is not the archive of a class' : `the development kit has no ${wnid}`;
    return { name, reason, bytesRead: end };
  });
  return damage === null
    ? archives
    : [...archives, { name: basename(file), reason: damage, bytesRead: size }];
}

function validationArchive(file: string, size: number, before: number): ImageNetArchive {
  const name = basename(file);
  return { name, split: 'validation', file, start: 0, end: size, before, label: null };
}

async function* images(
  archive: ImageNetArchive,
  entries: Entries,
  read: ReadAt,
  devkit: Devkit | null,
): AsyncGenerator<Found> {
  const folder = wnidOf(archive.name);
  for await (const entry of entries) {
    if ('reason' in entry) {
      yield entry;
      continue;
    }
    const { after } = entry;
    const name = folder === null ? basename(entry.name) : `${folder}/${basename(entry.name)}`;
    const number = /^ILSVRC2012_val_(\d{8})\.JPEG$/.exec(basename(entry.name))?.[1];
    const label = archive.label ?? devkit?.validation[Number(number) - 1];
    const reason =
      refusal(entry) ??
      (/\.jpe?g$/i.test(name) ? null : 'its name does not end in .JPEG') ??
      (label === undefined || label === null ? 'the development kit has no class for it' : null);
    if (reason !== null) yield { name, reason, after };
    else if (typeof label === 'number')
      yield { name, label, bytes: await read(entry.data, entry.size), after };
  }
}

async function fingerprintOf(
  files: ImageNetFiles,
  devkit: Devkit | null,
  classes: readonly ClassName[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([classes, devkit?.validation ?? null]));
  for (const path of [files.train, files.validation ?? []].flat()) {
    const { size, mtimeMs } = await stat(path);
    hash.update(JSON.stringify([basename(path), size, mtimeMs]));
  }
  return hash.digest('hex');
}
