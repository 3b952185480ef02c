/** A complete store, opened without touching its records: labels and measurements in memory, images on demand. */

import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { AlexNetError, expected } from '../../errors.js';
import { WorkerPool } from '../workers/pool.js';
import { changedSince } from './checksums.js';
import { openForReading, type Databases } from './database.js';
import { scan } from './digest.js';
import {
  alignedCopy,
  dataFile,
  decodeEntry,
  decodeJson,
  version,
  type About,
  type Complete,
} from './format.js';
import { diskError } from './no-space.js';
import { checkedRecord } from './record.js';
import { readSkipped } from './skipped.js';
import type { StoreTasks } from './tasks.js';
import type { ImageStore } from './types.js';

export interface OpenOptions {
  /** Worker threads that decode, at most; default: as many as the process may keep busy. */
  readonly threads?: number;
  /** Whether they give way to all other threads; default: no. */
  readonly background?: boolean;
}

/**
 * Opens a store that `prepare` has finished. Throws AlexNetError DATA where there is none, where it is unfinished, of another
 * version or damaged.
 */
export async function openStore(path: string, options: OpenOptions = {}): Promise<ImageStore> {
  if (!existsSync(dataFile(path)))
    throw new AlexNetError(
      'DATA',
      `${path} is not a store; make one: alexnet-native prepare SOURCE --out ${path}`,
    );
  const databases = await openForReading(path).catch(async (error: unknown) => {
    throw await diskError(error as Error, path);
  });
  if (!databases) throw notAStore(path);
  try {
    const contents = readContents(path, databases);
    const pool = new WorkerPool<StoreTasks>(options.threads ?? availableParallelism(), options.background);
    return imageStore(path, databases, contents, pool);
  } catch (error) {
    await databases.root.close();
    throw error;
  }
}

interface StoreContents {
  readonly store: About;
  readonly complete: Complete;
  /** Whether there are checksums of it: not in stores of earlier programs. */
  readonly described: boolean;
  readonly labels: Int32Array;
  readonly meanImage: Float32Array;
}

const notAStore = (path: string): AlexNetError =>
  new AlexNetError('DATA', `${path} is not a store of images, or preparing it has not begun`);

const damaged = (path: string, changed: readonly string[]): AlexNetError => {
  const [what, verb] = [
    changed.join(', '),
    changed.length === 1 && !changed[0]?.endsWith('s') ? 'is' : 'are',
  ];
  return new AlexNetError(
    'DATA',
    `${path} is damaged: its ${what} ${verb} not what was written; remove it and prepare it again`,
  );
};

function aboutFrom(path: string, bytes: Buffer): About {
  try {
    return decodeJson(bytes) as About;
  } catch {
    throw damaged(path, ['description']);
  }
}

function readContents(path: string, { about }: Databases): StoreContents {
  const found = about.get('store');
  if (!found) throw notAStore(path);
  const store = aboutFrom(path, found);
  if (store.version !== version) {
    throw new AlexNetError(
      'DATA',
      `${path} is a store of version ${store.version}, expected ${version}; remove it and prepare it again`,
    );
  }
  const complete = about.get('complete');
  if (!complete) {
    throw new AlexNetError(
      'DATA',
      `${path} is not finished; go on: alexnet-native prepare ${store.source.path} --out ${path}`,
    );
  }
  const checksums = about.get('checksums');
  const changed = checksums ? changedSince(checksums, found, complete) : [];
  if (changed.length > 0) throw damaged(path, changed);
  const measured = decodeJson(complete) as Complete;
  const [mean, labels] = [about.get('mean'), about.get('labels')];
  if (!mean || crc32(mean) !== measured.meanChecksum) throw damaged(path, ['mean image']);
  if (!labels || crc32(labels) !== measured.labelsChecksum) throw damaged(path, ['labels']);
  return {
    store,
    complete: measured,
    described: checksums !== undefined,
    labels: new Int32Array(alignedCopy(labels)),
    meanImage: new Float32Array(alignedCopy(mean)),
  };
}

function imageStore(
  path: string,
  databases: Databases,
  { store, complete, described, labels, meanImage }: StoreContents,
  pool: WorkerPool<StoreTasks>,
): ImageStore {
  const { record, source } = store;
  const { train, validation, skipped, classes, meanColour, covariance, axes, deviations, digest } = complete;
  const count = train + validation;
  const bytes = record.size ** 2 * 3;
  const checkIndex = (index: number): void => {
    if (!Number.isInteger(index) || index < 0 || index >= count)
      expected(`an index from 0 to ${count - 1}`, undefined, index);
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await pool.close();
    await databases.root.close();
  };
  const checkOpen = (): void => {
    if (closing) throw new AlexNetError('CLOSED', `${path} is closed`);
  };
  return {
    path,
    ...record,
    source,
    classes,
    count,
    labels,
    splits: {
      train: { start: 0, end: train },
      validation: validation > 0 ? { start: train, end: count } : null,
    },
    skipped,
    skippedItems: () => readSkipped(path),
    meanImage,
    meanColour,
    covariance,
    colour: { axes, deviations },
    digest,
    described,
    scan: () => {
      checkOpen();
      return scan(databases, count);
    },
    bytes: statSync(dataFile(path)).size,
    name: (index) => {
      checkOpen();
      checkIndex(index);
      return decodeEntry(databases.entries.get(index) as Buffer).name;
    },
    record: (index) => {
      checkOpen();
      checkIndex(index);
      return Uint8Array.from(checkedRecord(path, databases, index));
    },
    decode: async (indices, target, offset) => {
      checkOpen();
      indices.forEach(checkIndex);
      if (!(target.buffer instanceof SharedArrayBuffer))
        throw new AlexNetError('USAGE', 'expected a target on a SharedArrayBuffer');
      if (!Number.isInteger(offset) || offset < 0 || offset + indices.length * bytes > target.length)
        throw new AlexNetError(
          'USAGE',
          `${indices.length} images do not fit into the target at byte ${offset}`,
        );
      await pool.run('decode', {
        path,
        size: record.size,
        encoding: record.encoding,
        indices: Uint32Array.from(indices),
        target: target.buffer,
        offset: target.byteOffset + offset,
      });
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
