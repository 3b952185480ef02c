import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeImage } from '../../../../lib/data/images/decode.js';
import type { Source } from '../../../../lib/data/sources/types.js';
import { AlexNetError } from '../../../../lib/errors.js';
import { prepareStore, type PrepareStoreOptions } from '../../../../lib/data/store/prepare.js';
import { openStore } from '../../../../lib/data/store/reader.js';
import type { ImageStore } from '../../../../lib/data/store/types.js';
import { image, speckled, temporaryFolder } from '../fixtures.js';
import { labelAt, pixelsAt, synthetic } from './synthetic.js';

const fresh = async (): Promise<string> => join(await temporaryFolder(), 'store');
const anything = Math.floor(Math.random() * 2 ** 20);

async function prepared(
  source: Source,
  options: Partial<PrepareStoreOptions> = {},
): Promise<ImageStore & { readonly path: string }> {
  const out = options.out ?? (await fresh());
  await prepareStore(source, { threads: 2, ...options, out });
  return await opened(out);
}

async function opened(path: string): Promise<ImageStore> {
  const store = await openStore(path, { threads: 2 });
  onTestFinished(async () => await store[Symbol.asyncDispose]());
  return store;
}

const contents = async (path: string): Promise<Buffer> => await readFile(join(path, 'data.mdb'));

async function decoded(store: ImageStore, indices: readonly number[]): Promise<Uint8Array[]> {
  const bytes = store.size ** 2 * 3;
  const target = new Uint8Array(new SharedArrayBuffer(7 + bytes * indices.length + 5), 2).fill(99);
  await store.decode(indices, target, 5);
  expect([...target.subarray(0, 5), ...target.subarray(5 + bytes * indices.length)]).toEqual(
    Array(10).fill(99),
  );
  return indices.map((_, i) => Uint8Array.from(target.subarray(5 + i * bytes, 5 + (i + 1) * bytes)));
}

describe('a store', () => {
  it('gives back every image, its label and its name, training images first', async () => {
    const store = await prepared(synthetic({ items: 1200, training: 1100 }));
    expect(store).toMatchObject({
      size: 8,
      encoding: { kind: 'raw' },
      count: 1200,
      skipped: 0,
      splits: { train: { start: 0, end: 1100 }, validation: { start: 1100, end: 1200 } },
    });
    expect([...store.labels]).toEqual(Array.from({ length: 1200 }, (_, i) => labelAt(i)));
    expect(store.classes[3]).toEqual({ name: 'digit 3' });
    const indices = [1199, 0, 511, 512, 512, anything % 1200];
    const images = await decoded(store, indices);
    for (const [i, index] of indices.entries()) {
      expect(store.name(index)).toBe(`item ${index}`);
      expect(images[i]).toEqual(pixelsAt(index, 8));
      expect(store.record(index)).toEqual(pixelsAt(index, 8));
    }
  });

  it('knows the mean image and the colours of the training images', async () => {
    const [train, side] = [30 + (anything % 20), 6];
    const store = await prepared(synthetic({ items: train + 9, training: train, side }));
    const images = Array.from({ length: train }, (_, i) => pixelsAt(i, side));
    const mean = Array.from(
      { length: side * side * 3 },
      (_, p) => images.reduce((sum, pixels) => sum + (pixels[p] as number), 0) / train,
    );
    expect(store.meanImage).toEqual(Float32Array.from(mean));
    const channel = (c: number): number[] =>
      images.flatMap((pixels) => [...pixels].filter((_, p) => p % 3 === c));
    const average = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
    const channels = [channel(0), channel(1), channel(2)];
    const means = channels.map(average);
    for (const [i, x] of channels.entries()) {
      expect(store.meanColour[i]).toBeCloseTo(means[i] as number, 9);
      for (const [j, y] of channels.entries()) {
        const products = x.map(
          (value, k) => (value - (means[i] as number)) * ((y[k] as number) - (means[j] as number)),
        );
        expect(store.covariance[i]?.[j]).toBeCloseTo(average(products), 6);
      }
    }
    const trace = [0, 1, 2].reduce((sum, i) => sum + (store.covariance[i]?.[i] ?? 0), 0);
    expect(store.colour.deviations.reduce((sum, deviation) => sum + deviation ** 2, 0)).toBeCloseTo(trace, 6);
  });

  it('keeps JPEG records close to what was decoded, from files and from bytes', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.png');
    await image(60, 45, (x, y) => [2 * x, 3 * y, x + y])
      .png()
      .toFile(file);
    const bytes = Uint8Array.from(await image(50, 70, speckled(3)).resize(200).jpeg().toBuffer());
    const part = new Uint8Array(bytes.length + 100).fill(1);
    part.set(bytes, 60);
    const contents = [{ file }, { bytes: bytes.slice() }, { bytes: part.subarray(60, 60 + bytes.length) }];
    const source = synthetic({ items: 3, change: (i) => ({ content: contents[i] ?? { file } }) });
    const store = await prepared(source, { size: 32, encoding: { kind: 'jpeg', quality: 95 } });
    expect([...store.record(1).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    const [first, second, third] = await decoded(store, [0, 1, 2]);
    for (const [found, from] of [
      [first, file],
      [second, bytes],
    ] as const) {
      const { pixels } = (await decodeImage(from, { store: 32, fit: 'crop' })) as { pixels: Uint8Array };
      const off = pixels.reduce((sum, value, p) => sum + Math.abs(value - (found?.[p] ?? 0)), 0);
      expect(off / pixels.length).toBeLessThan(4);
    }
    expect(third).toEqual(second);
  });

  it('enlarges the pixels of a small image when a size is asked for', async () => {
    const store = await prepared(synthetic({ items: 3, side: 5 }), { size: 20 });
    const [found] = await decoded(store, [2]);
    const average = (pixels: Uint8Array): number => pixels.reduce((a, b) => a + b) / pixels.length;
    expect(found).toHaveLength(1200);
    expect(Math.abs(average(found as Uint8Array) - average(pixelsAt(2, 5)))).toBeLessThan(8);
  });

  it('lists what was skipped, in order, and why', async () => {
    const change = (index: number) => {
      if (index % 10 === 3) return { reason: `refused ${index}` };
      if (index === 700) return { content: { bytes: Buffer.from('no image') } };
      if (index === 701) return { label: 10 };
      return undefined;
    };
    const store = await prepared(synthetic({ items: 1000, change }));
    const skipped = await store.skippedItems();
    expect(skipped).toHaveLength(102);
    expect(store).toMatchObject({ skipped: 102, count: 898 });
    expect(skipped[0]).toEqual({ name: 'item 3', reason: 'refused 3' });
    expect(skipped.slice(70, 73)).toEqual([
      { name: 'item 700', reason: expect.any(String) },
      { name: 'item 701', reason: 'there is no class for its label 10' },
      { name: 'item 703', reason: 'refused 703' },
    ]);
    expect(store.name(3)).toBe('item 4');
  });

  it('names classes by number where the source knows no names', async () => {
    const store = await prepared(synthetic({ items: 20, classes: null }));
    expect(store.classes.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, i) => `class ${i}`));
  });

  it('takes other class names, one for each', async () => {
    const classNames = 'abcdefghij'.split('');
    const store = await prepared(synthetic({ items: 20 }), { classNames });
    expect(store.classes.map(({ name }) => name)).toEqual(classNames);
    await expect(prepared(synthetic({ items: 20 }), { classNames: ['a'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'expected 10 class names, received 1',
    });
  });
});

describe('the digest and the file', () => {
  it('do not depend on the number of threads', async () => {
    const source = (): Source => synthetic({ items: 1500, training: 900 });
    const [one, three] = [await prepared(source(), { threads: 1 }), await prepared(source(), { threads: 3 })];
    expect(three.digest).toBe(one.digest);
    expect((await contents(three.path)).equals(await contents(one.path))).toBe(true);
  });

  it('change with a pixel, a label, a name', async () => {
    const digests = new Set<string>();
    const pixels = pixelsAt(5, 8);
    pixels[100] = (pixels[100] as number) ^ 1;
    for (const changed of [{}, { content: { pixels, side: 8 } }, { label: 9 }, { name: 'other' }]) {
      const store = await prepared(synthetic({ items: 40, change: (i) => (i === 5 ? changed : undefined) }));
      digests.add(store.digest);
    }
    expect(digests.size).toBe(4);
  });

  it('are the same after an interruption as without', async () => {
    const source = (): Source => synthetic({ items: 3000, training: 2000 });
    const whole = await prepared(source());
    const out = await fresh();
    const controller = new AbortController();
    const first = await prepareStore(source(), {
      out,
      threads: 2,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done > 1100) controller.abort();
      },
    });
    expect(first).toMatchObject({ outcome: 'interrupted' });
    expect(first.items % 512).toBe(0);
    await expect(openStore(out)).rejects.toMatchObject({
      code: 'DATA',
      message: `${out} is not finished; go on: alexnet-native prepare synthetic --out ${out}`,
    });
    const seen: number[] = [];
    const again = await prepareStore(source(), {
      out,
      threads: 1,
      onProgress: ({ done }) => seen.push(done),
    });
    expect(again).toMatchObject({ outcome: 'prepared', items: 3000 });
    expect(seen[0]).toBe(first.items + 64);
    expect((await contents(out)).equals(await contents(whole.path))).toBe(true);
    expect((await readdir(out)).toSorted()).toEqual(['data.mdb', 'lock.mdb', 'skipped.jsonl']);
  });
});

describe('a source that fails in the middle', () => {
  const failing = (at: number): Source => {
    const source = synthetic({ items: 1500 });
    return {
      ...source,
      async *items(from) {
        for await (const item of source.items(from)) {
          if (item.name === `item ${at}`) throw new AlexNetError('DATA', 'the archive ends too soon');
          yield item;
        }
      },
    };
  };

  it('fails after what comes before is stored, and again; what goes on later is the same', async () => {
    const [out, whole] = [await fresh(), await fresh()];
    for (const threads of [1, 3])
      await expect(prepareStore(failing(1100), { out, threads })).rejects.toThrow('ends too soon');
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }): void => void seen.push(done);
    await prepareStore(synthetic({ items: 1500 }), { out, onProgress });
    expect(seen[0]).toBe(1024 + 64);
    await prepareStore(synthetic({ items: 1500 }), { out: whole });
    expect((await contents(out)).equals(await contents(whole))).toBe(true);
  });

  it.each([
    ['goes on', 'no label', true],
    ['does not, where a truncated image was skipped before,', 'it is cut short', false],
  ])('%s when truncation is allowed later', async (_, reason, goesOn) => {
    const out = await fresh();
    const change = (index: number) => (index === 3 ? { reason } : undefined);
    const source = synthetic({ items: 1500, change });
    const stopping = new AbortController();
    await prepareStore(source, {
      out,
      signal: stopping.signal,
      onProgress: ({ done }) => done > 700 && stopping.abort(),
    });
    const again = prepareStore(source, { out, allowTruncated: true });
    if (!goesOn) await expect(again).rejects.toThrow('truncated images were skipped, and would not be now');
    else {
      expect(await again).toMatchObject({ outcome: 'prepared', items: 1500 });
      expect(await opened(out)).toMatchObject({ allowTruncated: true, skipped: 1 });
    }
  });
});

describe('asked again', () => {
  it('a complete store is found complete, without a look at the images', async () => {
    const { path: out } = await prepared(synthetic({ items: 10 }));
    const unreadable = { ...synthetic({ items: 10 }), items: () => expect.unreachable() };
    const again = await prepareStore(unreadable, { out });
    expect(again).toEqual({ path: out, outcome: 'complete', items: 10, skipped: 0 });
  });

  it.each<[string, Parameters<typeof synthetic>[0], Partial<PrepareStoreOptions>, string]>([
    ['images', { items: 11 }, {}, 'the images of synthetic have changed since'],
    ['size', { items: 10 }, { size: 16 }, 'its images have 8 pixels a side, not 16'],
    ['fit', { items: 10 }, { fit: 'warp' }, 'its images were fitted by crop, not by warp'],
    [
      'encoding',
      { items: 10 },
      { encoding: { kind: 'jpeg', quality: 90 } },
      'it has raw records, not JPEG quality 90',
    ],
    [
      'truncation',
      { items: 10 },
      { allowTruncated: true },
      'truncated images were skipped, and would not be now',
    ],
    ['class names', { items: 10, classes: [] }, {}, 'its classes have other names'],
  ])('other %s are refused in one line', async (_, change, options, difference) => {
    const { path: out } = await prepared(synthetic({ items: 10 }));
    await expect(prepareStore(synthetic(change), { ...options, out })).rejects.toMatchObject({
      code: 'DATA',
      message: `${out} is another store: ${difference}; choose another folder or remove it`,
    });
  });

  it('a folder with other things in it is left alone', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await expect(prepareStore(synthetic({ items: 3 }), { out: folder })).rejects.toMatchObject({
      code: 'DATA',
      message: `${folder} is not a store and not empty (notes.txt); choose another folder`,
    });
    expect(await readdir(folder)).toEqual(['notes.txt']);
    const file = join(folder, 'notes.txt');
    await expect(prepareStore(synthetic({ items: 3 }), { out: file })).rejects.toMatchObject({
      code: 'DATA',
      message: `${file} is a file; expected a folder for the store`,
    });
  });

  it('another program’s LMDB database is left alone', async () => {
    const folder = await temporaryFolder();
    const other = open(folder, { noSubdir: false });
    await other.put('00000000_cat.jpg', 'x');
    await other.close();
    const before = await readFile(join(folder, 'data.mdb'));
    const refusal = {
      code: 'DATA',
      message: `${folder} is not a store but another program's LMDB database`,
    };
    await expect(prepareStore(synthetic({ items: 3 }), { out: folder })).rejects.toMatchObject(refusal);
    await expect(openStore(folder)).rejects.toMatchObject(refusal);
    expect((await readFile(join(folder, 'data.mdb'))).equals(before)).toBe(true);
  });

  it('while another prepares it: one line, and the first goes on', async () => {
    const out = await fresh();
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => prepareStore(synthetic({ items: 2000 }), { out, threads: 1 })),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(2);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'DATA',
        message: expect.stringMatching(/ is being prepared by process \d+ on .*; wait for it$/) as unknown,
      });
    }
    expect((await opened(out)).count).toBe(2000);
  });
});

describe('what cannot be', () => {
  it('no training image that can be used', async () => {
    const reason = () => ({ reason: 'no' });
    await expect(prepared(synthetic({ items: 600, change: reason }))).rejects.toMatchObject({
      code: 'DATA',
      message: 'none of the training images could be used: 600 skipped; the first, item 0: no',
    });
    await expect(prepared(synthetic({ items: 0 }))).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('there are no training images') as unknown,
    });
  });

  it('a training image after the validation images', async () => {
    const change = (index: number) => (index === 50 ? { split: 'train' as const } : undefined);
    await expect(prepared(synthetic({ items: 60, training: 40, change }))).rejects.toMatchObject({
      code: 'DATA',
      message: 'item 50: a training image after the validation images',
    });
  });

  it('a source that fails: its error, and nothing left running', async () => {
    const source = synthetic({
      items: 2000,
      change: (index) => {
        if (index === 1500) throw new Error('the archive ends here');
        return undefined;
      },
    });
    const out = await fresh();
    await expect(prepareStore(source, { out, threads: 2 })).rejects.toThrow('the archive ends here');
    expect(await readdir(out)).toEqual(['data.mdb', 'lock.mdb']);
  });

  it.each([
    [{ size: 0 }, 'expected a whole number from 1 to 1024 for size, received 0'],
    [
      { encoding: { kind: 'jpeg', quality: 101 } },
      'expected a whole number from 1 to 100 for quality, received 101',
    ],
    [{ threads: 1.5 }, 'expected a whole number from 1 to 1024 for threads, received 1.5'],
  ] as const)('options out of range: %j', async (options, message) => {
    await expect(prepared(synthetic({ items: 3 }), options)).rejects.toMatchObject({
      code: 'USAGE',
      message,
    });
  });
});

describe('opening', () => {
  it('says what is not a store', async () => {
    const folder = await temporaryFolder();
    await expect(openStore(folder)).rejects.toMatchObject({
      code: 'DATA',
      message: `${folder} is not a store; make one: alexnet-native prepare SOURCE --out ${folder}`,
    });
    for (const bytes of [0, 100, 8192, 100_000]) {
      const junk = Uint8Array.from({ length: bytes }, () => 256 * Math.random());
      await writeFile(join(folder, 'data.mdb'), junk);
      await expect(openStore(folder)).rejects.toMatchObject({
        code: 'DATA',
        message: `${folder} is not a store, or its data.mdb is damaged`,
      });
    }
  });

  it('refuses a file that was cut short', async () => {
    const { path } = await prepared(synthetic({ items: 400 }));
    const { length } = await readFile(join(path, 'data.mdb'));
    for (const left of [length - 1, length / 2, 9000]) {
      await truncate(join(path, 'data.mdb'), left);
      await expect(openStore(path)).rejects.toMatchObject({
        code: 'DATA',
        message: `${path} is damaged: its data.mdb is cut short; remove it and prepare it again`,
      });
    }
  });

  it('a record with other bytes than were written is named, and the others can be read', async () => {
    const { path } = await prepared(synthetic({ items: 400 }));
    const file = await readFile(join(path, 'data.mdb'));
    const index = anything % 400;
    const at = file.indexOf(pixelsAt(index, 8));
    file[at + 50] = (file[at + 50] as number) ^ 4;
    await writeFile(join(path, 'data.mdb'), file);
    const store = await opened(path);
    const message = `${path} is damaged at image ${index} (item ${index}); remove it and prepare it again`;
    await expect(decoded(store, [index])).rejects.toMatchObject({ code: 'DATA', message });
    expect(() => store.record(index)).toThrow(message);
    const other = (index + 1) % 400;
    expect(await decoded(store, [other])).toEqual([pixelsAt(other, 8)]);
  });

  it('refuses indices and targets that do not fit, and everything once closed', async () => {
    const store = await prepared(synthetic({ items: 5 }));
    const shared = new Uint8Array(new SharedArrayBuffer(192));
    await expect(store.decode([5], shared, 0)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'expected an index from 0 to 4, received 5',
    });
    await expect(store.decode([0], shared, 1)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(store.decode([0], new Uint8Array(192), 0)).rejects.toMatchObject({ code: 'USAGE' });
    expect(() => store.name(-1)).toThrow('expected an index from 0 to 4, received -1');
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await expect(store.decode([0], shared, 0)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => store.name(0)).toThrow('is closed');
  });
});
