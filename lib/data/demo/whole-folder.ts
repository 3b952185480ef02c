/** Folders that are complete or absent: filled under another name and renamed. */

import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { removeAbandoned, temporaryName } from '../../formats/temporary.js';

/**
 * Has `fill` write a folder's content, then gives it its name; killed at any moment, `folder` is what it was before. Where
 * another process was first and its folder is `usable`, that one stands. Throws AlexNetError DATA where the disk is full.
 */
export async function writeWholeFolder(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  usable: () => Promise<boolean>,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(folder);
  const temporary = temporaryName(folder);
  try {
    await mkdir(temporary);
    await fill(temporary);
    await moveInto(folder, temporary, usable);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new AlexNetError(
      'DATA',
      `no space left for images in ${folder}; make room or choose another --out`,
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function moveInto(folder: string, temporary: string, usable: () => Promise<boolean>): Promise<void> {
  try {
    await rename(temporary, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (await usable()) return;
    const unusable = temporaryName(folder);
    await rename(folder, unusable);
    await rename(temporary, folder);
    await rm(unusable, { recursive: true, force: true });
  }
}
