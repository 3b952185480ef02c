/** A cache of stores, kept from run to run. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSource } from '../sources/source.js';
import type { SourceOptions } from '../sources/types.js';
import { dataFile, version } from './format.js';
import { StoreInUse } from './lock.js';
import { prepareStore, type PrepareProgress } from './prepare.js';
import type { RecordOptions } from './types.js';

export interface CacheOptions
  extends Pick<RecordOptions, 'size' | 'fit'>, Pick<SourceOptions, 'allowEmptyClasses'> {
  /** The folder that holds the stores. */
  readonly cache: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Another process is making the store; called once, before waiting for it. */
  readonly onWaiting?: (message: string) => void;
}

/** Whether a path is a store, finished or not. */
export const isStore = (path: string): boolean => existsSync(dataFile(path));

/** How often to see whether another process has finished. */
const patience = 500;

/**
 * The folder of a store of the source's images, made now, or where an earlier run stopped, unless it is there. Waits while
 * another process makes it. Throws AlexNetError DATA as `prepareStore` does, and the signal's reason when aborted.
 */
export async function cachedStore(path: string, options: CacheOptions): Promise<string> {
  const { cache, size, fit, signal, onProgress, onWaiting } = options;
  await using source = await openSource(path, options);
  const made = JSON.stringify([version, source.kind, source.fingerprint, size, fit]);
  const out = join(cache, createHash('sha256').update(made).digest('hex').slice(0, 16));
  await mkdir(cache, { recursive: true });
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    try {
      await prepareStore(source, {
        out,
        size,
        fit,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      });
      signal?.throwIfAborted();
      return out;
    } catch (error) {
      if (!(error instanceof StoreInUse)) throw error;
      if (!waited) onWaiting?.(error.message);
      await sleep(patience, undefined, { ...(signal && { signal }) });
    }
  }
}
