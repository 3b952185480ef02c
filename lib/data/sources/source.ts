/** Opens sources of images. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { cifarBatches, openCifar } from './cifar.js';
import { openFolder } from './folder.js';
import { imageNetFiles, openImageNet } from './imagenet.js';
import type { Source, SourceOptions } from './types.js';
import { firstEntryOf, openWebDataset, shardsIn } from './webdataset.js';

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
  const found = await shardsIn(path);
  if (found) return await openWebDataset(path, found, options);
  return await openFolder(path, options);
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
  return await openWebDataset(path, { shards: [{ name, file: path, split: 'train' }] }, options);
}
