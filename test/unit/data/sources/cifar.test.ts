import { readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../../lib/data/sources/source.js';
import { pixelsOf, sharedFile, temporaryFolder } from '../fixtures.js';
import { cifarClasses, cifarPixels, miniatureCifar, writeFiles } from './miniatures.js';
import { bytesOf, expectKept, imagesAmong, itemsOf, labelsIn, lineOf } from './reading.js';

describe("CIFAR's binary files", () => {
  it('are read batch by batch, pixels interleaved', async () => {
    const folder = await temporaryFolder();
    const { train, validation } = await miniatureCifar(folder, { perBatch: 3, batches: 2, test: 2 });
    await using source = await openSource(folder);
    expect(source).toMatchObject({ kind: 'cifar', images: 8, bytes: 8 * 3073, native: { side: 32 } });
    expect(source.classes).toEqual(cifarClasses.map((name) => ({ name })));
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toEqual(train);
    expect(train[4]?.name).toBe('data_batch_2.bin:1');
    expect(labelsIn(items, 'validation')).toEqual(validation);
    const expected = [1, 2].flatMap((batch) => [0, 1, 2].map((n) => cifarPixels(batch, n)));
    expected.push(cifarPixels(0, 0), cifarPixels(0, 1));
    for (const [n, image] of imagesAmong(items).entries()) {
      expect(image.content).toMatchObject({ side: 32 });
      expect((await bytesOf(image)).equals(expected[n] ?? Buffer.alloc(0))).toBe(true);
    }
    expect(items.at(-1)?.bytesRead).toBe(source.bytes);
  });

  it('are in the order of their numbers, however many there are', async () => {
    const folder = await temporaryFolder();
    const { train } = await miniatureCifar(folder, { perBatch: 1, batches: 11, test: 0 });
    await using source = await openSource(folder);
    expect(labelsIn(await expectKept(source), 'train')).toEqual(train);
    expect(train.at(-1)?.name).toBe('data_batch_11.bin:0');
  });

  it('may be a single one, with or without names of classes', async () => {
    const folder = await temporaryFolder();
    await miniatureCifar(folder, { perBatch: 4 });
    const path = join(folder, 'test_batch.bin');
    await using source = await openSource(path);
    expect(source.classes).toHaveLength(10);
    expect(labelsIn(await expectKept(source), 'train').map(({ label }) => label)).toEqual([0, 3, 6, 9]);
    await rm(join(folder, 'batches.meta.txt'));
    await using nameless = await openSource(path);
    expect(nameless.classes).toBeNull();
  });

  it('of CIFAR-100 have two labels, of which the second counts', async () => {
    const folder = await temporaryFolder();
    const record = (coarse: number, fine: number) => Buffer.from([coarse, fine, ...Buffer.alloc(3072, fine)]);
    const names = Array.from({ length: 100 }, (_, n) => `fine ${n}`);
    await writeFiles(folder, [
      { name: 'train.bin', bytes: Buffer.concat([record(3, 71), record(1, 12)]) },
      { name: 'test.bin', bytes: record(0, 99) },
      { name: 'fine_label_names.txt', bytes: names.join('\n') },
    ]);
    await using source = await openSource(folder);
    expect(source.classes).toEqual(names.map((name) => ({ name })));
    const items = await expectKept(source);
    expect(imagesAmong(items).map(({ label, split }) => [label, split])).toEqual([
      [71, 'train'],
      [12, 'train'],
      [99, 'validation'],
    ]);
    for (const image of imagesAmong(items))
      expect((await bytesOf(image)).equals(Buffer.alloc(3072, image.label))).toBe(true);
  });

  it('have another fingerprint after any change, and the same one without', async () => {
    const folder = await temporaryFolder();
    await miniatureCifar(folder, { perBatch: 1 });
    const fingerprint = async (): Promise<string> => (await openSource(folder)).fingerprint;
    const seen = [await fingerprint()];
    expect(await fingerprint()).toBe(seen[0]);
    await utimes(join(folder, 'test_batch.bin'), new Date(), new Date(1e12));
    seen.push(await fingerprint());
    await writeFile(join(folder, 'batches.meta.txt'), cifarClasses.toReversed().join('\n'));
    seen.push(await fingerprint());
    await rm(join(folder, 'data_batch_5.bin'));
    seen.push(await fingerprint());
    expect(new Set(seen).size).toBe(4);
  });

  it.each([
    [3072, 'DATA/data_batch_2.bin has 3072 bytes'],
    [0, 'DATA/data_batch_2.bin has 0 bytes'],
    [3073 * 3 + 1, 'DATA/data_batch_2.bin has 9220 bytes'],
  ])('of %i bytes are refused', async (size, message) => {
    const folder = await temporaryFolder();
    await miniatureCifar(folder, { perBatch: 4 });
    await truncate(join(folder, 'data_batch_2.bin'), size);
    expect(await lineOf(openSource(folder), folder)).toBe(
      `DATA: ${message}, no whole number of CIFAR records (3073 or 3074 bytes); is it cut short?`,
    );
  });

  it('that shrink while they are read are an error', async () => {
    const folder = await temporaryFolder();
    await miniatureCifar(folder, { perBatch: 3, batches: 2 });
    await using source = await openSource(folder);
    await truncate(join(folder, 'data_batch_2.bin'), 3073);
    expect(await lineOf(itemsOf(source), folder)).toBe(
      'DATA: DATA/data_batch_2.bin became shorter while it was read',
    );
  });
});

describe("CIFAR-10's own images", () => {
  const shared = sharedFile('cifar10-lossless-first4000.bin.gz');

  it.skipIf(shared.missing)(`are read as they are${shared.why}`, async () => {
    const records = gunzipSync(await readFile(shared.path));
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'data_batch_1.bin'), records);
    await using source = await openSource(folder);
    expect(source.images).toBe(4000);
    const images = imagesAmong(await itemsOf(source));
    for (const n of [0, 1, 1999, 3999]) {
      const at = n * 3073;
      const colour = (c: number, x: number, y: number): number =>
        records[at + 1 + 1024 * c + 32 * y + x] ?? 0;
      const pixels = pixelsOf(32, 32, (x, y) => [colour(0, x, y), colour(1, x, y), colour(2, x, y)]);
      const image = images[n];
      expect(image?.label).toBe(records[at]);
      expect(image && (await bytesOf(image)).equals(pixels)).toBe(true);
    }
    // The first ones are known to be a frog, two trucks and a deer.
    expect(images.slice(0, 4).map(({ label }) => cifarClasses[label])).toEqual([
      'frog',
      'truck',
      'truck',
      'deer',
    ]);
  });
});
