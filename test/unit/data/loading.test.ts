/** The loader on a real store, with its worker threads. */

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainingBatches } from '../../../lib/data/batches/loader.js';
import { prepareStore } from '../../../lib/data/store/prepare.js';
import { openStore } from '../../../lib/data/store/reader.js';
import type { ImageStore } from '../../../lib/data/store/types.js';
import { temporaryFolder } from './fixtures.js';
import { pixelsAt, synthetic } from './store/synthetic.js';

const items = 100;
const side = 16;
const batch = 40;

async function madeStore(): Promise<string> {
  const out = join(await temporaryFolder(), 'store');
  await prepareStore(synthetic({ items, side }), { out, threads: 1 });
  return out;
}

const queueOf = (store: ImageStore) =>
  trainingBatches({
    store,
    images: store.splits.train,
    batch,
    threads: 2,
    seed: [3, 1],
    crop: 12,
    augmenting: () => ({ crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' }),
    pinned: false,
    first: 0,
  });

/** Worker threads of this process. */
const threads = (): number =>
  (process.report.getReport() as unknown as { workers: unknown[] }).workers.length;

it('gives the same batches whatever the number of threads, and leaves none of them behind', async () => {
  const path = await madeStore();
  const before = threads();
  const digests: string[] = [];
  for (const count of [1, 3]) {
    const hash = createHash('sha256');
    await using store = await openStore(path, { threads: count, background: count === 1 });
    await using queue = queueOf(store);
    for (let step = 0; step < 12; step++) {
      const next = await queue.next();
      for (const array of next ? [next.images, next.labels, next.views] : [])
        hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      next?.release();
    }
    expect(threads() - before).toBe(count);
    digests.push(hash.digest('hex'));
  }
  expect(digests[0]).toBe(digests[1]);
  expect(threads()).toBe(before);
});

it('takes no more memory after hundreds of epochs than after ten', async () => {
  await using store = await openStore(await madeStore(), { threads: 2 });
  await using queue = queueOf(store);
  const epochs = async (count: number) => {
    for (let step = 0; step < (count * items) / batch; step++) (await queue.next())?.release();
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { held: heapUsed + external, rss };
  };
  const early = await epochs(10);
  const late = await epochs(400);
  expect(late.held - early.held).toBeLessThan(2e6);
  expect(late.rss - early.rss).toBeLessThan(48e6);
});

it('says which image is damaged, and nothing hangs', async () => {
  const path = await madeStore();
  const damaged = Math.floor(Math.random() * items);
  const file = join(path, 'data.mdb');
  const bytes = await readFile(file);
  const at = bytes.indexOf(pixelsAt(damaged, side)) + 100;
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(file, bytes);
  const before = threads();
  {
    await using store = await openStore(path, { threads: 2 });
    await using queue = queueOf(store);
    const epoch = async () => {
      for (let step = 0; step < Math.ceil(items / batch); step++) (await queue.next())?.release();
    };
    await expect(epoch()).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining(`damaged at image ${damaged} (item ${damaged})`) as unknown,
    });
  }
  expect(threads()).toBe(before);
});
