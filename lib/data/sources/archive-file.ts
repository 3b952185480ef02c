/** Files read by offset: here and there, or from front to back. */

import { open, type FileHandle } from 'node:fs/promises';
import { AlexNetError } from '../../errors.js';
import type { ReadAt } from './tar.js';

/** Bytes read at once from front to back: a few dozen photographs. */
const blockBytes = 2 ** 22;

export interface OpenFile extends AsyncDisposable {
  /** Bytes. */
  readonly size: number;
  /** Reads what is asked for and no more: for headers far apart. */
  readonly seek: ReadAt;
  /** Reads in large blocks, the next one while this one is used: for contents one after the other. */
  readonly ahead: ReadAt;
}

/** Throws AlexNetError DATA where the file cannot be opened, and its functions where it cannot be read. */
export async function openFile(path: string): Promise<OpenFile> {
  const unreadable = (error: NodeJS.ErrnoException): never => {
    throw new AlexNetError('DATA', `${path} cannot be read: ${error.message}`);
  };
  const file = await open(path, 'r').catch(unreadable);
  const { size } = await file.stat();
  const seek: ReadAt = async (offset, length) => {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
    const filled = await readFully(file, bytes, offset).catch(unreadable);
    return bytes.subarray(0, filled);
  };
  return {
    size,
    seek,
    ahead: readAhead(seek, size),
    [Symbol.asyncDispose]: async () => await file.close(),
  };
}

/** Opens files, closing the one before. */
export function oneAtATime(): AsyncDisposable & { open(path: string): Promise<OpenFile> } {
  let opened: { readonly path: string; readonly file: OpenFile } | undefined;
  const close = async (): Promise<void> => {
    const before = opened;
    opened = undefined;
    await before?.file[Symbol.asyncDispose]();
  };
  return {
    open: async (path) => {
      if (opened?.path !== path) {
        await close();
        opened = { path, file: await openFile(path) };
      }
      return opened.file;
    },
    [Symbol.asyncDispose]: close,
  };
}

async function readFully(file: FileHandle, bytes: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Holds the block last used and the one after it. */
function readAhead(read: ReadAt, size: number): ReadAt {
  let held = new Map<number, ReturnType<ReadAt>>();
  const load = (index: number): ReturnType<ReadAt> => {
    const loading = held.get(index) ?? read(index * blockBytes, blockBytes);
    // Awaited only where it is needed: one that fails before must not end the process.
    loading.catch(() => undefined);
    return loading;
  };
  const blockAt = async (index: number): ReturnType<ReadAt> => {
    const next = index + 1;
    held = new Map([
      [index, load(index)],
      ...(next * blockBytes < size ? [[next, load(next)] as const] : []),
    ]);
    return await load(index);
  };
  return async (offset, length) => {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const at = offset + filled;
      const from = await blockAt(Math.floor(at / blockBytes));
      const copied = from.copy(bytes, filled, at % blockBytes);
      if (copied === 0) break;
      filled += copied;
    }
    return bytes.subarray(0, filled);
  };
}
