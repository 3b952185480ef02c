import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { chunksOf, chunkTask, inOrder, type Item } from '../../../../lib/data/store/chunks.js';
import { synthetic } from './synthetic.js';

async function* upTo(count: number, closed: { done?: boolean } = {}): AsyncGenerator<number> {
  try {
    for (let i = 0; i < count; i++) yield await Promise.resolve(i);
  } finally {
    closed.done = true;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

it('work is done side by side, its results come in order', async () => {
  let [running, most] = [0, 0];
  const work = async (i: number): Promise<number> => {
    most = Math.max(most, ++running);
    await sleep(5 * Math.random());
    running--;
    return 2 * i;
  };
  expect(await all(inOrder(upTo(50), 7, work))).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
  expect(most).toBe(7);
  expect(await all(inOrder(upTo(0), 7, work))).toEqual([]);
});

it('a failure comes in its turn and closes what is worked on', async () => {
  const closed: { done?: boolean } = {};
  const seen: number[] = [];
  const work = async (i: number): Promise<number> => {
    if (i >= 5) throw new Error(`item ${i}`);
    return await Promise.resolve(i);
  };
  await expect(
    (async () => {
      for await (const i of inOrder(upTo(50, closed), 10, work)) seen.push(i);
    })(),
  ).rejects.toThrow('item 5');
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  expect(closed.done).toBe(true);
});

it('chunks hold every item once, in order, from wherever the source goes on', async () => {
  const source = synthetic({ items: 100 });
  const names = (chunks: Item[][]): string[] => chunks.flat().map(({ name }) => name);
  const chunks = await all(chunksOf(source.items(null), 10));
  expect(chunks.map(({ length }) => length)).toEqual([64, 36]);
  const from = chunks[0]?.at(-1)?.next;
  expect([
    ...names(chunks.slice(0, 1)),
    ...names(await all(chunksOf(source.items(from ?? null), 10))),
  ]).toEqual(Array.from({ length: 100 }, (_, i) => `item ${i}`));
});

it('a part of a larger memory is copied before it is moved to a thread', async () => {
  const archive = new Uint8Array(1000).fill(7);
  const item = (bytes: Uint8Array): Item => ({
    name: 'x',
    label: 0,
    split: 'train',
    content: { bytes },
    next: null,
    bytesRead: 0,
  });
  const whole = new Uint8Array(20);
  const record = { size: 4, fit: 'crop', encoding: { kind: 'raw' }, allowTruncated: false } as const;
  const { input, transfer } = chunkTask([item(archive.subarray(10, 30)), item(whole)], record);
  expect(transfer.map(({ byteLength }) => byteLength)).toEqual([20, 20]);
  expect(transfer).not.toContain(archive.buffer);
  expect(transfer[1]).toBe(whole.buffer);
  expect(input.images.map(({ measured }) => measured)).toEqual([true, true]);
  await Promise.resolve();
});
