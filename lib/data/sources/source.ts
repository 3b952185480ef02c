/** Where images come from. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { cifarBatches, openCifar } from './cifar.js';
import { openFolder } from './folder.js';
import { imageNetFiles, openImageNet } from './imagenet.js';
import { firstEntryOf, openWebDataset, shardsIn } from './webdataset.js';

export type Split = 'train' | 'validation';

/** A class; its index in a list of them is its label. */
export interface ClassName {
  readonly name: string;
  /** Of WordNet: n01440764. */
  readonly wnid?: string;
}

/** A place in a source: JSON, of which only the source knows what it means. */
export type Position = unknown;

/** A path, an image file's bytes, or side × side × 3 bytes of RGB. */
export type Content =
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
  | { readonly pixels: Uint8Array; readonly side: number };

export interface SourceImage {
  /** A path inside the source: what users see. */
  readonly name: string;
  readonly label: number;
  readonly split: Split;
  readonly content: Content;
  /** `items(next)` goes on after this one. */
  readonly next: Position;
  /** Of the source's bytes, those up to here. */
  readonly bytesRead: number;
}

/** What never became an image: a link that leads out of a folder, a sample without a label. */
export interface Refused {
  readonly name: string;
  readonly reason: string;
}

export interface Source extends AsyncDisposable {
  readonly kind: 'folder' | 'imagenet' | 'webdataset' | 'cifar';
  readonly path: string;
  /** sha256, hex: changes with whatever would change the images (names, sizes, dates, the order of the labels). */
  readonly fingerprint: string;
  /** null where only the labels' numbers are known. */
  readonly classes: readonly ClassName[] | null;
  /** Items in all, those refused among them; null where that is not known before they are read. */
  readonly images: number | null;
  /** In all: the measure of progress. */
  readonly bytes: number;
  /** Of images that are all of one size. */
  readonly native?: { readonly side: number };
  /**
   * Always in the same order, the training images first; from the beginning for null, else from a `next`. Throws AlexNetError
   * DATA where the source itself can no longer be read.
   */
  items(
    from: Position,
  ): AsyncGenerator<SourceImage | (Refused & { readonly next: Position; readonly bytesRead: number })>;
}

export interface SourceOptions {
  /** Names by label, for sources that know only numbers. */
  readonly classNames?: readonly string[];
  /** The ILSVRC-2012 development kit, where it does not lie beside the archives: the .tar.gz or its folder. */
  readonly devkit?: string;
}

/**
 * Opens images for reading: a folder of class folders, the ILSVRC-2012 archives, WebDataset shards, or CIFAR binaries,
 * whichever `path` is. Throws AlexNetError DATA where it is none of these or cannot be used.
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const what = error.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error.message}`;
    throw new AlexNetError('DATA', `${path} ${what}`);
  });
  return found.isDirectory() ? await openInFolder(path, options) : await openInFile(path, options);
}

async function openInFolder(path: string, options: SourceOptions): Promise<Source> {
  const names = new Set(await readdir(path).catch(() => []));
  const archives = imageNetFiles(path, names);
  if (archives) return await openImageNet(path, archives, options);
  const batches = cifarBatches(path, names);
  if (batches) return await openCifar(path, batches);
  const shards = await shardsIn(path);
  if (shards) return await openWebDataset(path, shards, options);
  return await openFolder(path);
}

async function openInFile(path: string, options: SourceOptions): Promise<Source> {
  const name = basename(path);
  if (name.endsWith('.bin')) return await openCifar(path, { folder: dirname(path), train: [name], test: [] });
  if (!name.endsWith('.tar'))
    throw new AlexNetError(
      'DATA',
      `${path} is a file; expected a folder of class folders, of the ILSVRC-2012 archives, of WebDataset shards (.tar) ` +
        'or of CIFAR batches (.bin), or one such archive',
    );
  const first = await firstEntryOf(path);
  if (/^(.*\/)?ILSVRC2012_val_\d+\.JPEG$/.test(first))
    throw new AlexNetError(
      'DATA',
      `${path} holds validation images alone; expected the folder that has ILSVRC2012_img_train.tar too`,
    );
  if (/^(.*\/)?n\d{8}\.tar$/.test(first)) return await openImageNet(path, { train: path }, options);
  return await openWebDataset(path, [{ name, file: path, split: 'train' }], options);
}
