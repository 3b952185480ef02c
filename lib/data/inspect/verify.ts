/** Whether every record of a store still is what was written. */

import { setImmediate as breathe } from 'node:timers/promises';
import { AlexNetError } from '../../errors.js';
import type { ImageStore } from '../store/types.js';

export interface Verified {
  readonly checked: number;
  /** Indices of the records whose checksum is wrong. */
  readonly damaged: readonly number[];
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Records between two looks at the clock and the signal. */
const portion = 64;

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
  return { checked: store.count, damaged };
}
