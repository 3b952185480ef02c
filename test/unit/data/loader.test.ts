import { describe, expect, it } from 'vitest';
import type { Augmenting } from '../../../lib/data/augment.js';
import { orderedBatches, trainingBatch } from '../../../lib/data/loader.js';
import { imageAt } from '../../../lib/data/permutation.js';
import type { ImageStore } from '../../../lib/data/store.js';

const side = 4;
const record = side * side * 3;
const augmenting: Augmenting = { crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' };

/** Image i is all i, its label i + 1; reads end in whatever order they like. */
function storeOf(count: number): ImageStore {
  return {
    count,
    files: [],
    labels: Array.from({ length: count }, (_, i) => i + 1),
    skipped: [],
    meanImage: new Float32Array(record),
    meanColour: [0, 0, 0],
    colour: {
      axes: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      deviations: [3, 2, 1],
    },
    read: async (index, target, offset) => {
      await new Promise((resolve) => setTimeout(resolve, index % 3));
      target.fill(index, offset, offset + record);
    },
    close: async () => await Promise.resolve(),
  };
}

const preprocessing = { store: side, crop: 3 };

describe('training batches', () => {
  const options = (batch: number) => ({ batch, seed: [5, 0] as const, preprocessing });
  const dealt = async (count: number, batch: number, steps: number) => {
    const indices: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { images, labels, views } = await trainingBatch(storeOf(count), options(batch), augmenting, step);
      expect([images.length, labels.length, views.length]).toEqual([batch * record, batch, batch * 8]);
      labels.forEach((label, n) => {
        const bytes = images.subarray(n * record, (n + 1) * record);
        expect(bytes.every((byte) => byte === label - 1)).toBe(true);
        indices.push(label - 1);
      });
    }
    return indices;
  };

  it('deal out every image once an epoch, straddling epochs, dropping none', async () => {
    const indices = await dealt(10, 4, 15);
    for (let epoch = 0; epoch < 6; epoch++) {
      const order = indices.slice(epoch * 10, epoch * 10 + 10);
      expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(order).toEqual(order.map((_, position) => imageAt(position, 10, epoch, [5, 0])));
    }
  });

  it('come in the same order whatever their size', async () => {
    expect(await dealt(10, 4, 6)).toEqual(await dealt(10, 24, 1));
    expect(await dealt(10, 4, 6)).toEqual(await dealt(10, 3, 8));
  });

  it('may be larger than the set', async () => {
    expect((await dealt(3, 7, 3)).filter((index) => index === 0)).toHaveLength(7);
  });

  it('are the same again, asked for in any order', async () => {
    const store = storeOf(10);
    const steps = await Promise.all(
      [5, 2, 5].map(async (step) => await trainingBatch(store, options(4), augmenting, step)),
    );
    expect(steps[0]).toEqual(steps[2]);
    expect(steps[0]).not.toEqual(steps[1]);
  });

  it('fail where an image cannot be read', async () => {
    const store = { ...storeOf(3), read: async () => await Promise.reject(new Error('lost')) };
    await expect(trainingBatch(store, options(2), augmenting, 0)).rejects.toThrow('lost');
  });
});

describe('batches for validation', () => {
  it('come in order, the last one part filled', async () => {
    const seen: [number, number[]][] = [];
    for await (const { images, labels, count } of orderedBatches(storeOf(7), 3, preprocessing)) {
      expect(images).toHaveLength(3 * record);
      for (let n = 0; n < count; n++) expect(images[n * record]).toBe((labels[n] as number) - 1);
      seen.push([count, [...labels]]);
    }
    expect(seen).toEqual([
      [3, [1, 2, 3]],
      [3, [4, 5, 6]],
      [1, [7, -1, -1]],
    ]);
  });

  it('are read one ahead, not more', async () => {
    const store = storeOf(9);
    const asked: number[] = [];
    const watched: ImageStore = {
      ...store,
      read: async (index, target, offset) => {
        asked.push(index);
        await store.read(index, target, offset);
      },
    };
    const batches = orderedBatches(watched, 3, preprocessing);
    await batches.next();
    expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
    await batches.return(undefined);
    expect(asked).toHaveLength(6);
  });

  it('fail where an image cannot be read, when its batch is wanted', async () => {
    const store = storeOf(4);
    const read: ImageStore['read'] = async (index, ...place) => {
      if (index === 3) throw new Error('lost');
      await store.read(index, ...place);
    };
    const batches = orderedBatches({ ...store, read }, 2, preprocessing);
    expect((await batches.next()).value).toMatchObject({ count: 2 });
    await expect(batches.next()).rejects.toThrow('lost');
  });
});
