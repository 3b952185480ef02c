/** The work that `bench:loading` measures, from image files to batches: each item on a number of images. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { decodeImage } from '../lib/data/images/decode.js';
import { trainingBatches } from '../lib/data/batches/loader.js';
import { openStore } from '../lib/data/store/reader.js';
import type { PrepareProgress } from '../lib/data/store/prepare.js';
import type { Encoding } from '../lib/data/store/types.js';
import { prepare } from '../lib/prepare.js';
import { packageRoot } from '../lib/package-root.js';

export interface Work {
  readonly name: string;
  /** Once, before anything is measured. */
  readonly begin?: () => Promise<void>;
  /** Once through; resolves to the images a second. */
  readonly run: () => Promise<number>;
  readonly end?: () => Promise<void>;
}

export interface Workplace {
  /** A folder to work in. */
  readonly folder: string;
  /** Class folders of JPEG images. */
  readonly images: string;
  readonly files: readonly string[];
  readonly size: number;
  readonly threads: number;
  readonly batch: number;
}

const rateOf = async (images: number, work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (1000 * images) / (performance.now() - started);
};

/** As many images at once as preparing has: two for each thread. */
function decoding(
  name: string,
  { files, threads }: Workplace,
  decode: (file: string) => Promise<unknown>,
): Work {
  return {
    name: `${name}: decode, resize, crop`,
    run: async () =>
      await rateOf(files.length, async () => {
        let next = 0;
        const worker = async (): Promise<void> => {
          for (let file; (file = files[next++]);) await decode(file);
        };
        await Promise.all(Array.from({ length: 2 * threads }, worker));
      }),
  };
}

export const sharpAlone = (place: Workplace): Work =>
  decoding(
    'sharp alone',
    place,
    async (file) =>
      await sharp(file).autoOrient().toColourspace('srgb').resize(place.size, place.size).raw().toBuffer(),
  );

/** What preparing does of the same. */
export const ourDecoding = (place: Workplace): Work =>
  decoding('ours alone', place, async (file) => await decodeImage(file, { store: place.size, fit: 'crop' }));

export const storeOf = ({ folder }: Workplace, encoding: Encoding): string =>
  join(folder, `${encoding.kind}.store`);

/** The clock starts with the first images done, as it does for PyTorch: by then the threads are there. */
export function preparing(place: Workplace, encoding: Encoding): Work {
  const { images, files, size, threads } = place;
  const out = storeOf(place, encoding);
  return {
    name: `prepare, ${encoding.kind} records`,
    run: async () => {
      await rm(out, { recursive: true, force: true });
      const started = performance.now();
      let first: { readonly done: number; readonly at: number } | undefined;
      const onProgress = ({ done }: PrepareProgress): void => {
        first ??= { done, at: performance.now() };
      };
      await prepare(images, { out, size, threads, encoding, onProgress });
      // The other threads have as many by then.
      const { done, at } = first ?? { done: 0, at: started };
      const left = files.length - threads * done;
      const [counted, since] = left > 0 ? [left, at] : [files.length, started];
      return (1000 * counted) / (performance.now() - since);
    },
  };
}

/** Worker threads that only decode a store's JPEG records, out of memory. */
export function bareDecode(place: Workplace, images: number): Work {
  const { size, threads } = place;
  let workers: Worker[] = [];
  return {
    name: 'JPEG decode alone, in threads',
    begin: async () => {
      await using store = await openStore(storeOf(place, { kind: 'jpeg', quality: 95 }));
      const records = Array.from({ length: Math.min(500, store.count) }, (_, i) => store.record(i));
      const file = join(packageRoot(), 'dist', 'bench', 'decode-worker.js');
      workers = Array.from({ length: threads }, () => new Worker(file, { workerData: { records, size } }));
      await Promise.all(workers.map(async (worker) => await once(worker, 'message')));
    },
    run: async () =>
      await rateOf(images, async () => {
        const done = workers.map(async (worker) => await once(worker, 'message'));
        for (const worker of workers) worker.postMessage(Math.round(images / threads));
        await Promise.all(done);
      }),
    end: async () => {
      await Promise.all(workers.map(async (worker) => await worker.terminate()));
    },
  };
}

/** Batches as training takes them, given back at once. */
export function loading(place: Workplace, encoding: Encoding, images: number): Work {
  const { threads, batch } = place;
  return {
    name: `loader, ${encoding.kind} records`,
    run: async () => {
      await using store = await openStore(storeOf(place, encoding), { threads });
      const steps = Math.ceil(images / batch);
      // Threads start and stores are opened before the clock does.
      const warm = 4;
      await using queue = trainingBatches({
        store,
        images: { start: 0, end: store.count },
        batch,
        threads,
        seed: [1, 0],
        crop: store.size,
        augmenting: () => ({ crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' }),
        pinned: false,
        first: 0,
        end: warm + steps,
      });
      for (let step = 0; step < warm; step++) (await queue.next())?.release();
      return await rateOf(steps * batch, async () => {
        for (let step = 0; step < steps; step++) (await queue.next())?.release();
      });
    },
  };
}

/** PyTorch's DataLoader over the same files (bench/peers); null where this Python has no torch. */
export function torchLoading({ images, size, threads, batch }: Workplace, python: string): Work | null {
  const script = join(packageRoot(), 'bench', 'peers', 'torch_loading.py');
  const ask = (...args: string[]): string =>
    execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    ask('-c', 'import torch, PIL');
  } catch {
    return null;
  }
  return {
    name: 'PyTorch: Pillow and DataLoader',
    run: () => {
      const options = ['--size', size, '--workers', threads, '--batch', batch].map(String);
      const text = ask(script, images, ...options);
      return Promise.resolve((JSON.parse(text) as { imagesPerSecond: number }).imagesPerSecond);
    },
  };
}
