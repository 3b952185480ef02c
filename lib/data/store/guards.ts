/**
 * Checks before LMDB opens a folder. Its binding ends the process where opening fails, and its memory map ends it where a file
 * is shorter than it says or the disk is too full for the lock file. So all of that is checked here first.
 */

import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { dataFile } from './format.js';

/** Threads that may read at once, in all processes together. */
export const maxReaders = 1000;

/** Room for that many, at 64 bytes each behind a header. */
const lockBytes = 65_536 + 4096;

const magic = 0xbeefc0de;
const formatVersion = 2;

/** Throws AlexNetError DATA where the folder's data.mdb is not LMDB's, or not whole. */
export async function checkData(folder: string): Promise<void> {
  const file = await open(dataFile(folder));
  try {
    const { size } = await file.stat();
    const first = await metaAt(file, 0);
    const second = first && (await metaAt(file, first.pageSize));
    if (!first || !second)
      throw new AlexNetError('DATA', `${folder} is not a store, or its data.mdb is damaged`);
    const { lastPage, pageSize } = first.transaction > second.transaction ? first : second;
    if (size < (lastPage + 1) * pageSize)
      throw new AlexNetError(
        'DATA',
        `${folder} is damaged: its data.mdb is cut short; remove it and prepare it again`,
      );
  } finally {
    await file.close();
  }
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

/** One of the two pages that say what the file holds: the younger one holds. */
async function metaAt(file: Awaited<ReturnType<typeof open>>, offset: number): Promise<Meta | null> {
  const page = Buffer.alloc(160);
  const { bytesRead } = await file.read(page, 0, page.length, offset);
  if (bytesRead < page.length) return null;
  if (page.readUInt32LE(24) !== magic || page.readUInt32LE(28) !== formatVersion) return null;
  const [pageSize, lastPage] = [page.readUInt32LE(48), page.readBigUInt64LE(144)];
  if (pageSize < 256 || pageSize > 65_536) return null;
  return { pageSize, lastPage: Number(lastPage), transaction: page.readBigUInt64LE(152) };
}

/** Files that are made here for a moment. */
export const isTemporary = (name: string): boolean => /^(lock\.mdb|room)\.\d+$/.test(name);

/** Makes sure that the lock file's blocks are on the disk: LMDB writes to it through a map. Where it may not, nobody will. */
export async function ensureLockFile(folder: string): Promise<void> {
  const file = join(folder, 'lock.mdb');
  const found = await stat(file).catch(() => null);
  if (found && found.size > 0 && found.blocks * 512 >= found.size) return;
  const draft = `${file}.${process.pid}`;
  try {
    await writeFile(draft, Buffer.alloc(lockBytes), { flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Before a first data.mdb is made; it takes less. Throws the system's error where there is no room. */
export async function ensureRoom(folder: string): Promise<void> {
  const file = join(folder, `room.${process.pid}`);
  try {
    await writeFile(file, Buffer.alloc(1 << 18), { flush: true });
  } finally {
    await rm(file, { force: true });
  }
}

/** Throws AlexNetError DATA where this process may not map that many bytes more (ulimit -v). */
export async function checkAddressSpace(bytes: number): Promise<void> {
  // Where there is no /proc, there are hardly such limits.
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const limit = Number(/^Max address space\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  if (limit === Infinity) return;
  const pages = Number((await readFile('/proc/self/statm', 'utf8')).split(' ')[0]);
  if (4096 * pages + bytes <= limit) return;
  throw new AlexNetError(
    'DATA',
    `a store needs ${Math.ceil(bytes / 2 ** 30)} GiB of address space, more than ulimit -v leaves; raise it`,
  );
}
