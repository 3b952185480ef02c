import { describe, expect, it } from 'vitest';
import type { Augmenting } from '../../../lib/data/batches/augment.js';
import {
  orderedBatches,
  trainingBatches,
  type LoaderOptions,
  type TrainingOptions,
} from '../../../lib/data/batches/loader.js';
import { imageAt } from '../../../lib/data/batches/permutation.js';
import { AlexNetError } from '../../../lib/errors.js';

const size = 4;
const record = size * size * 3;
const augmenting: Augmenting = { crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' };
const seed = [Math.floor(Math.random() * 2 ** 32), 5] as const;
type Store = LoaderOptions['store'];

/** Image i is filled with i % 251 and labelled i; records are decoded whenever it suits `delay`. */
function storeOf(count: number, delay: () => number = () => Math.random() * 3): Store {
  return {
    size,
    labels: Int32Array.from({ length: count }, (_, i) => i),
    colour: {
      axes: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      deviations: [3, 2, 1],
    },
    decode: async (indices, target, offset) => {
      const wait = delay();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      indices.forEach((index, i) => target.fill(index % 251, offset + i * record, offset + (i + 1) * record));
    },
  };
}

const all = (count: number) => ({ start: 0, end: count });

const dealt = (store: Store, batch: number, more: Partial<TrainingOptions> = {}) =>
  trainingBatches({
    store,
    images: all(store.labels.length),
    batch,
    threads: 1,
    seed,
    crop: 3,
    augmenting: () => augmenting,
    pinned: false,
    first: 0,
    ...more,
  });

/** The images of so many batches, each checked to hold what its labels say. */
async function deal(
  store: Store,
  batch: number,
  steps: number,
  more: Partial<TrainingOptions> = {},
): Promise<number[]> {
  await using queue = dealt(store, batch, more);
  const indices: number[] = [];
  for (let step = 0; step < steps; step++) {
    const next = await queue.next();
    if (!next) break;
    const { images, labels, views } = next;
    expect([images.length, labels.length, views.length]).toEqual([batch * record, batch, batch * 8]);
    labels.forEach((label, n) => {
      const bytes = images.subarray(n * record, (n + 1) * record);
      expect(bytes.every((byte) => byte === label % 251)).toBe(true);
    });
    indices.push(...labels);
    next.release();
  }
  return indices;
}

describe('training batches', () => {
  it('deal out every image once an epoch in the keyed order, straddling epochs, dropping none', async () => {
    const indices = await deal(storeOf(10), 4, 15);
    for (let epoch = 0; epoch < 6; epoch++) {
      const order = indices.slice(epoch * 10, epoch * 10 + 10);
      expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(order).toEqual(order.map((_, position) => imageAt(position, 10, epoch, seed)));
    }
  });

  it('come in the same order whatever their size, and may be larger than the set', async () => {
    expect(await deal(storeOf(10), 4, 6)).toEqual(await deal(storeOf(10), 24, 1));
    expect(await deal(storeOf(10), 4, 6)).toEqual(await deal(storeOf(10), 3, 8));
    expect((await deal(storeOf(3), 7, 3)).filter((index) => index === 0)).toHaveLength(7);
  });

  it('take a part of the images: a range, or a list', async () => {
    const range = await deal(storeOf(30), 5, 2, { images: { start: 7, end: 17 } });
    expect(range.toSorted((a, b) => a - b)).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    const list = await deal(storeOf(30), 2, 2, { images: Uint32Array.of(3, 29, 11, 4) });
    expect(list.toSorted((a, b) => a - b)).toEqual([3, 4, 11, 29]);
  });

  it('go on in the middle of an epoch as if they had not stopped', async () => {
    const collect = async (first: number) => {
      await using queue = dealt(storeOf(50), 16, { first, end: 12 });
      const batches: unknown[] = [];
      for (let next; (next = await queue.next()); next.release())
        batches.push([next.images.slice(), next.labels, next.views]);
      return batches;
    };
    const whole = await collect(0);
    expect(whole).toHaveLength(12);
    for (const first of [1, 5, 11]) expect(await collect(first)).toEqual(whole.slice(first));
  });

  it('are augmented by their epoch', async () => {
    const epochs: number[] = [];
    const more = {
      augmenting: (epoch: number) => {
        epochs.push(epoch);
        return augmenting;
      },
    };
    await deal(storeOf(10), 4, 5, { ...more, end: 5 });
    expect(epochs.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 1]);
  });

  it('share a batch out among the threads', async () => {
    const tasks: number[] = [];
    const store = storeOf(200);
    const decode: Store['decode'] = async (indices, ...place) => {
      tasks.push(indices.length);
      await store.decode(indices, ...place);
    };
    await deal({ ...store, decode }, 40, 1, { end: 1 });
    expect(tasks.splice(0)).toEqual([16, 16, 8]);
    await deal({ ...store, decode }, 40, 1, { end: 1, threads: 12 });
    expect(tasks.splice(0)).toEqual([5, 5, 5, 5, 5, 5, 5, 5]);
    await deal({ ...store, decode }, 2, 1, { end: 1, threads: 12 });
    expect(tasks).toEqual([1, 1]);
  });

  it('wait for a slow consumer: no more than three are made beyond those it holds', async () => {
    const store = storeOf(1000, () => 0);
    const memories = new Set<ArrayBufferLike>();
    let decoded = 0;
    const decode: Store['decode'] = async (indices, target, offset) => {
      await store.decode(indices, target, offset);
      memories.add(target.buffer);
      decoded += indices.length;
    };
    await using queue = dealt({ ...store, decode }, 10);
    const held: { release(): void }[] = [];
    for (let taken = 1; taken <= 20; taken++) {
      const next = await queue.next();
      if (next) held.push(next);
      // Two in use, as on cards.
      if (held.length > 2) held.shift()?.release();
      await new Promise((resolve) => setImmediate(resolve));
      expect(decoded).toBe(10 * (taken + 3));
    }
    expect(memories.size).toBeLessThanOrEqual(3 + 3);
  });

  it('are not written over before they are released', async () => {
    await using queue = dealt(
      storeOf(100, () => 0),
      8,
    );
    const first = await queue.next();
    const before = first?.images.slice();
    for (let i = 0; i < 10; i++) (await queue.next())?.release();
    expect(first?.images).toEqual(before);
    const memory = first?.images.buffer;
    first?.release();
    first?.release();
    let again = 0;
    for (let i = 0; i < 8; i++) {
      const next = await queue.next();
      if (next?.images.buffer === memory) again++;
    }
    expect(again).toBe(1);
  });

  it('say what is wrong with a record when its batch is asked for, and end there', async () => {
    const store = storeOf(40);
    const damaged = imageAt(21, 40, 0, seed);
    const decode: Store['decode'] = async (indices, ...place) => {
      if (indices.includes(damaged)) throw new AlexNetError('DATA', `damaged at image ${damaged}`);
      await store.decode(indices, ...place);
    };
    await using queue = dealt({ ...store, decode }, 10);
    for (let step = 0; step < 2; step++) expect(await queue.next()).toBeDefined();
    await expect(queue.next()).rejects.toMatchObject({
      code: 'DATA',
      message: `damaged at image ${damaged}`,
    });
  });

  it('too large for memory are an error that says so', async () => {
    await using queue = dealt(storeOf(10), 2 ** 46);
    await expect(queue.next()).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: 'no memory for a batch of 3221225472 MiB; try a smaller --batch',
    });
  });

  it('closed, leave nothing under way and give no more', async () => {
    let underWay = 0;
    const store = storeOf(100, () => 20);
    const decode: Store['decode'] = async (...given) => {
      underWay++;
      await store.decode(...given);
      underWay--;
    };
    const queue = dealt({ ...store, decode }, 40);
    const waiting = queue.next();
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: 'CLOSED' }),
      queue.close().then(() => expect(underWay).toBe(0)),
    ]);
    await expect(queue.next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

/** Bytes that this process holds after a collection. */
function held(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

describe('1.28 million images', () => {
  const count = 1_281_167;
  const store = storeOf(count, () => 0);

  it('are in an order that needs no memory, and any place of it is found at once', async () => {
    const batch = 128;
    const first = 90 * Math.floor(count / batch);
    const before = held();
    const indices = await deal(store, batch, 3, { first, end: first + 3 });
    const expected = Array.from({ length: 3 * batch }, (_, n) => {
      const position = first * batch + n;
      return imageAt(position % count, count, Math.floor(position / count), seed);
    });
    expect(indices).toEqual(expected);
    expect(held() - before).toBeLessThan(4e6);
  });

  it('take no more memory after many batches than after a few', async () => {
    expect(globalThis.gc, 'needs node --expose-gc').toBeDefined();
    const none = { ...store, decode: async () => await Promise.resolve() };
    await using queue = dealt(none, 128);
    const pass = async (batches: number) => {
      for (let i = 0; i < batches; i++) (await queue.next())?.release();
      return held();
    };
    const few = await pass(50);
    expect((await pass(3000)) - few).toBeLessThan(12e6);
  });
});

describe('batches for measuring', () => {
  const ordered = (store: Store, batch: number, images: LoaderOptions['images']) =>
    orderedBatches({ store, images, batch, threads: 1, pinned: false });

  it('come in order, the last one part filled', async () => {
    const seen: [number, number[]][] = [];
    for await (const { images, labels, count } of ordered(storeOf(9), 3, { start: 2, end: 9 })) {
      expect(images).toHaveLength(3 * record);
      for (let n = 0; n < count; n++) expect(images[n * record]).toBe(labels[n]);
      seen.push([count, [...labels]]);
    }
    expect(seen).toEqual([
      [3, [2, 3, 4]],
      [3, [5, 6, 7]],
      [1, [8, -1, -1]],
    ]);
  });

  it('are none of no images', async () => {
    for await (const _ of ordered(storeOf(3), 2, new Uint32Array())) expect.unreachable();
  });

  it('are read ahead, but not far, and no more when nobody wants them', async () => {
    const store = storeOf(90, () => 0);
    let asked = 0;
    const decode: Store['decode'] = async (indices, ...place) => {
      asked += indices.length;
      await store.decode(indices, ...place);
    };
    const batches = ordered({ ...store, decode }, 3, all(90));
    await batches.next();
    expect(asked).toBe(4 * 3);
    await batches.return(undefined);
    expect(asked).toBe(4 * 3);
  });

  it('fail where a record cannot be read, when its batch is wanted', async () => {
    const store = storeOf(4);
    const decode: Store['decode'] = async (indices, ...place) => {
      if (indices.includes(3)) throw new Error('lost');
      await store.decode(indices, ...place);
    };
    const batches = ordered({ ...store, decode }, 2, all(4));
    expect((await batches.next()).value).toMatchObject({ count: 2 });
    await expect(batches.next()).rejects.toThrow('lost');
  });
});
