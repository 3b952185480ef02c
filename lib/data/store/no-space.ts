/** What went wrong on the disk, as one line that says what to do. */

import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { AlexNetError } from '../../errors.js';
import { dataFile } from './format.js';

/** Node names system errors; LMDB gives their numbers. */
const isCode = (
  error: Error & { readonly code?: unknown },
  ...names: (keyof typeof constants.errno)[]
): boolean => names.some((name) => error.code === name || error.code === constants.errno[name]);

/** The error to throw for one that came up while `folder` was written to. */
export async function diskError(error: Error, folder: string): Promise<Error> {
  if (error instanceof AlexNetError) return error;
  const reason = isCode(error, 'EIO') ? ((await probe(folder)) ?? error) : error;
  const advice = 'run the same command again to go on';
  if (isCode(reason, 'ENOSPC', 'EDQUOT'))
    return new AlexNetError('DATA', `no space left for ${folder}; make room and ${advice}`);
  if (isCode(reason, 'EFBIG'))
    return new AlexNetError(
      'DATA',
      `${folder} may not grow: files are limited in size here; lift that and ${advice}`,
    );
  if (isCode(reason, 'EIO', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOMEM'))
    return new AlexNetError('DATA', `${folder} cannot be written: ${error.message}`);
  return error;
}

/** A disk without room for the whole of a write takes a part of it; LMDB has no better name for that than EIO. */
async function probe(folder: string): Promise<Error | undefined> {
  const file = await open(dataFile(folder), 'r+').catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    try {
      let written = 0;
      const bytes = Buffer.alloc(1 << 20);
      while (written < bytes.length)
        written += (await file.write(bytes, written, bytes.length - written, size + written)).bytesWritten;
      return undefined;
    } finally {
      await file.truncate(size);
    }
  } catch (error) {
    return error as Error;
  } finally {
    await file.close();
  }
}
