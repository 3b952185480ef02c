import { cpSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/data/decode.js';
import type { LabelledFile } from '../../../lib/data/folder.js';
import { prepareStore, type ImageStore } from '../../../lib/data/store.js';
import { image, speckled, temporaryFolder } from './fixtures.js';

const preprocessing = { store: 12, fit: 'crop' } as const;
const record = 12 * 12 * 3;

/** Photographs of many colours, and where to keep them decoded. */
async function photographs(count: number): Promise<{ files: LabelledFile[]; cache: string }> {
  const folder = await temporaryFolder();
  const files = Array.from({ length: count }, (_, i) => ({ file: join(folder, `${i}.png`), label: i % 3 }));
  await Promise.all(files.map(async ({ file }, i) => await image(20, 15, speckled(i)).png().toFile(file)));
  return { files, cache: join(folder, 'cache') };
}

async function read(store: ImageStore, index: number): Promise<Buffer> {
  const target = Buffer.alloc(record + 10, 7);
  await store.read(index, target, 5);
  expect([...target.subarray(0, 5), ...target.subarray(-5)]).toEqual(Array(10).fill(7));
  return target.subarray(5, -5);
}

/** Reports of progress; none where the cache was used. */
async function prepared(options: Parameters<typeof prepareStore>[0], held?: number) {
  const progress: [number, number, number][] = [];
  const onProgress = (...report: [number, number, number]) => progress.push(report);
  const store = await prepareStore({ ...options, onProgress }, held);
  return { store, progress };
}

describe('a store of decoded images', () => {
  it.each([
    ['memory', undefined],
    ['its file', 0],
  ])('gives back what was decoded, in the order of the files, from %s', async (_, held) => {
    const { files, cache } = await photographs(30);
    const { store, progress } = await prepared({ files, preprocessing, cache }, held);
    expect(progress).toEqual(files.map((_file, i) => [i + 1, 30, 0]));
    expect(store).toMatchObject({ count: 30, labels: files.map(({ label }) => label), skipped: [] });
    expect(store.files).toEqual(files.map(({ file }) => file));
    for (const i of [29, 0, 7, 7]) {
      const decoded = (await decodeImage(files[i]?.file ?? '', preprocessing)) as { pixels: Uint8Array };
      expect((await read(store, i)).equals(decoded.pixels)).toBe(true);
    }
    await store.close();
  });

  it('knows the mean image and the mean colour', async () => {
    const { files, cache } = await photographs(9);
    const { store } = await prepared({ files, preprocessing, cache });
    const sums = new Float64Array(record);
    for (let i = 0; i < 9; i++) (await read(store, i)).forEach((v, p) => (sums[p] = (sums[p] as number) + v));
    expect(store.meanImage).toEqual(Float32Array.from(sums, (sum) => sum / 9));
    const red = sums.filter((_, p) => p % 3 === 0).reduce((a, b) => a + b) / (9 * 144);
    expect(store.meanColour[0]).toBeCloseTo(red, 10);
    expect(store.colour.deviations[0]).toBeGreaterThan(store.colour.deviations[2] as number);
  });

  it('skips, counts and lists what cannot be read', async () => {
    const { files, cache } = await photographs(5);
    await writeFile(files[1]?.file ?? '', 'text');
    await rm(files[3]?.file ?? '');
    const { store, progress } = await prepared({ files, preprocessing, cache });
    expect(store).toMatchObject({ count: 3, labels: [0, 2, 1] });
    expect(store.skipped).toEqual([
      { file: files[1]?.file, reason: 'it is not an image this program can read' },
      { file: files[3]?.file, reason: 'the file does not exist' },
    ]);
    expect(progress.at(-1)).toEqual([5, 5, 2]);
    // Also when they come from the cache.
    expect((await prepared({ files, preprocessing, cache })).store.skipped).toEqual(store.skipped);
  });

  it('is refused where nothing can be read, leaving nothing behind', async () => {
    const { files, cache } = await photographs(2);
    for (const { file } of files) await writeFile(file, 'text');
    await expect(prepareStore({ files, preprocessing, cache })).rejects.toMatchObject({
      code: 'DATA',
      message: `none of the 2 images could be read; the first, ${files[0]?.file}: it is not an image this program can read`,
    });
    expect(await readdir(cache)).toEqual([]);
  });
});

describe('the cache', () => {
  it('is used again if and only if images and preparation are the same', async () => {
    const { files, cache } = await photographs(4);
    const decodes = async (change: object = {}) =>
      (await prepared({ files, preprocessing, cache, ...change })).progress.length;
    expect(await decodes()).toBe(4);
    expect(await decodes()).toBe(0);
    expect(await decodes({ preprocessing: { store: 12, fit: 'warp' } })).toBe(4);
    expect(await decodes({ preprocessing: { store: 8, fit: 'crop' } })).toBe(4);
    expect(await decodes({ files: files.slice(1) })).toBe(3);
    expect(await decodes({ files: files.toReversed() })).toBe(4);
    expect(await decodes({ files: files.map(({ file }) => ({ file, label: 0 })) })).toBe(4);
    await utimes(files[0]?.file ?? '', 1, 1);
    expect(await decodes()).toBe(4);
    expect(await decodes()).toBe(0);
  });

  it('is as good as empty after a kill at any moment', async () => {
    const { files, cache } = await photographs(6);
    const moments: string[] = [];
    const onProgress = (done: number): void => {
      moments.push(`${cache}-${done}`);
      cpSync(cache, `${cache}-${done}`, { recursive: true });
    };
    const whole = await prepareStore({ files, preprocessing, cache, onProgress });
    expect(moments).toHaveLength(6);
    for (const moment of moments) {
      expect(await readdir(moment)).toEqual([expect.stringMatching(/^\..*\.tmp$/)]);
      const { store, progress } = await prepared({ files, preprocessing, cache: moment });
      expect(progress).toHaveLength(6);
      expect(store.meanImage).toEqual(whole.meanImage);
    }
  });

  it('is made anew where a part of it is missing, cut short or damaged', async () => {
    const { files, cache } = await photographs(4);
    const { store } = await prepared({ files, preprocessing, cache });
    const [name] = await readdir(cache);
    const at = (file: string): string => join(cache, name ?? '', file);
    const flip = async (file: string) => {
      const bytes = await readFile(at(file));
      bytes[100] = (bytes[100] as number) ^ 4;
      await writeFile(at(file), bytes);
    };
    for (const harm of [
      async () => await rm(at('index.json')),
      async () => await rm(at('mean.bin')),
      async () => await rm(at('images.bin')),
      async () => await truncate(at('images.bin'), record * 3),
      async () => await truncate(at('index.json'), 100),
      async () => await writeFile(at('index.json'), '{"version":2}'),
      async () => await flip('images.bin'),
      async () => await flip('mean.bin'),
      async () => {
        await rm(cache, { recursive: true });
        await mkdir(at(''), { recursive: true });
      },
    ]) {
      await harm();
      const again = await prepared({ files, preprocessing, cache });
      expect(again.progress).toHaveLength(4);
      expect(await read(again.store, 3)).toEqual(await read(store, 3));
      expect(await readdir(cache)).toEqual([name]);
    }
  });

  it('too large for memory says which image is damaged', async () => {
    const { files, cache } = await photographs(4);
    const { store } = await prepared({ files, preprocessing, cache }, 0);
    const [name] = await readdir(cache);
    const bytes = await readFile(join(cache, name ?? '', 'images.bin'));
    bytes[record * 2] = (bytes[record * 2] as number) ^ 1;
    await writeFile(join(cache, name ?? '', 'images.bin'), bytes);
    await read(store, 1);
    await expect(read(store, 2)).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('is damaged at image 2; remove it and run again') as unknown,
    });
    await store.close();
  });

  it('is made once by two who come at the same time', async () => {
    const { files, cache } = await photographs(6);
    const both = [1, 2].map(async () => await prepareStore({ files, preprocessing, cache }));
    const [first, second] = await Promise.all(both);
    expect(first?.meanImage).toEqual(second?.meanImage);
    expect(await readdir(cache)).toHaveLength(1);
  });

  it('is not begun or not finished when aborted', async () => {
    const { files, cache } = await photographs(40);
    const controller = new AbortController();
    const { signal } = controller;
    let last = 0;
    const onProgress = (done: number): void => {
      last = done;
      if (done === 3) controller.abort(new Error('enough'));
    };
    await expect(prepareStore({ files, preprocessing, cache, signal, onProgress })).rejects.toThrow('enough');
    expect(last).toBe(3);
    expect(await readdir(cache)).toEqual([]);
    await expect(prepareStore({ files, preprocessing, cache, signal })).rejects.toThrow('enough');
  });
});
