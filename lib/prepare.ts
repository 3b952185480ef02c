/** A folder of images, or archives of them, into a store. */

import { openSource } from './data/sources/source.js';
import type { SourceOptions } from './data/sources/types.js';
import { prepareStore, type PrepareStoreOptions, type PrepareResult } from './data/store/prepare.js';

export interface PrepareOptions extends PrepareStoreOptions, SourceOptions {}

/**
 * Turns images into a store, once: a folder of squares of one size with their labels, measured, which training reads
 * faster than it learns. Killed or interrupted at any moment, the same call continues where it was, and the finished store is
 * the same to the byte. Images that cannot be decoded are skipped, and listed in the store's skipped.jsonl.
 *
 *     const { path } = await prepare('photos', { out: 'photos.store' });
 *     await using store = await openStore(path);
 *
 * Decoding uses libuv's threads: with more than four cores, start Node with UV_THREADPOOL_SIZE set to their number. Throws
 * AlexNetError DATA where the images or the folder cannot be used or the disk is full, and USAGE for options out of range.
 */
export async function prepare(path: string, options: PrepareOptions): Promise<PrepareResult> {
  await using source = await openSource(path, options);
  return await prepareStore(source, options);
}
