/** Whether everything in a store still is what was written. */

import { setImmediate as breathe } from 'node:timers/promises';
import { AlexNetError } from '../../errors.js';
import type { ImageStore } from '../store/types.js';

export interface Verified {
  readonly checked: number;
  /** Indices of the records whose checksum is wrong. */
  readonly damaged: readonly number[];
  /** What else is not as it was written, in words. */
  readonly changed: readonly string[];
  /** Whether the rest of what the store says of itself has checksums, which were compared when it was opened. */
  readonly described: boolean;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Records between two looks at the clock and the signal. */
const portion = 64;

/** Entries hold labels, parts, names, and the records' checksums. */
function changedEntries(store: ImageStore): string[] {
  const { labels, digest } = store.scan();
  const changed = labels.findIndex((label, index) => label !== store.labels[index]);
  if (changed >= 0) return [`the label of image ${changed}`];
  return digest === store.digest ? [] : ['the names, parts or checksums of images'];
}

/** Reads every record once. Throws the signal's reason when aborted. */
export async function verifyRecords(store: ImageStore, options: VerifyOptions = {}): Promise<Verified> {
  const damaged: number[] = [];
  for (let index = 0; index < store.count; index++) {
    try {
      store.record(index);
    } catch (error) {
      if (!(error instanceof AlexNetError && error.code === 'DATA')) throw error;
      damaged.push(index);
    }
    if (index % portion !== 0) continue;
    options.onProgress?.(index, store.count);
    await breathe();
    options.signal?.throwIfAborted();
  }
  return { checked: store.count, damaged, changed: changedEntries(store), described: store.described };
}
