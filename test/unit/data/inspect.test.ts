import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { printable, shortened } from '../../../lib/data/inspect/labels.js';
import { chosen, recordPictures } from '../../../lib/data/inspect/records.js';
import { seenPictures } from '../../../lib/data/inspect/seen.js';
import { columnsFor, drawSheet, type Picture } from '../../../lib/data/inspect/sheet.js';
import { verifyRecords } from '../../../lib/data/inspect/verify.js';
import { openSource } from '../../../lib/data/sources/source.js';
import { prepareStore } from '../../../lib/data/store/prepare.js';
import { openStore } from '../../../lib/data/store/reader.js';
import type { ImageStore } from '../../../lib/data/store/types.js';
import { preset, type PresetName } from '../../../lib/graph/presets.js';
import { closeOps } from '../../../lib/ops.js';
import { recipes } from '../../../lib/train/recipes.js';
import { fill, image, speckled, temporaryFolder } from './fixtures.js';

afterAll(closeOps);

async function storeOf(images: number, size: number): Promise<ImageStore> {
  const folder = await temporaryFolder();
  for (let i = 0; i < images; i++) {
    const png = await image(size, size, speckled(i)).png().toBuffer();
    await fill(folder, [`photos/class ${i % 3}/${i}.png`], png as unknown as string);
  }
  const out = join(folder, 'store');
  await using source = await openSource(join(folder, 'photos'));
  await prepareStore(source, { out, size, encoding: { kind: 'raw' } });
  return await openStore(out);
}

const flat = (side: number, colour: number, captions: readonly string[]): Picture => ({
  pixels: new Uint8Array(side * side * 3).fill(colour),
  side,
  captions,
});

describe('a contact sheet', () => {
  it('has rows without gaps where the number allows it', () => {
    for (const [count, columns] of [
      [1, 1],
      [2, 2],
      [6, 3],
      [24, 6],
      [100, 10],
    ] as const)
      expect(columnsFor(count)).toBe(columns);
    for (let count = 1; count <= 200; count++) {
      const columns = columnsFor(count);
      expect(columns).toBeLessThanOrEqual(count);
      expect(Math.ceil(count / columns) * columns - count).toBeLessThan(Math.max(1, columns / 2));
    }
  });

  it.each([32, 72, 256, 300])(
    'shows every picture of %i pixels whole and its name below it',
    async (side) => {
      const pictures = Array.from({ length: 12 }, (_, i) => flat(side, 20 * i, ['name', `image ${i}`]));
      const png = await drawSheet(pictures, { title: 'title', note: 'note', columns: 4 });
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      const counts = new Map<number, number>();
      let dark = 0;
      for (let i = 0; i < data.length; i += info.channels) {
        const grey = data[i] as number;
        counts.set(grey, (counts.get(grey) ?? 0) + 1);
        if (grey !== 255 && grey % 20 !== 0) dark++;
      }
      const areas = pictures.map((_, i) => counts.get(20 * i) ?? 0);
      const shown = Math.floor(Math.sqrt(Math.min(...areas)));
      expect(shown).toBeGreaterThanOrEqual(Math.min(128, side));
      // Antialiased letters have some of these greys too.
      for (const area of areas) expect(area / shown ** 2).toBeLessThan(1.1);
      expect(dark).toBeGreaterThan(500);
      // A margin around everything.
      for (let x = 0; x < info.width; x++)
        expect(data[(info.width * (info.height - 1) + x) * info.channels]).toBe(255);
    },
  );

  it('shortens names to their picture, by whole characters, in any script', async () => {
    expect(await shortened('cat', 100, 13)).toBe('cat');
    expect(await shortened('', 100, 13)).toBe('');
    for (const name of [
      'W'.repeat(80),
      '猫'.repeat(80),
      'कि'.repeat(80),
      '👩‍👩‍👧'.repeat(40),
      'قطة '.repeat(40),
    ]) {
      const short = await shortened(name, 100, 13);
      expect(short).toMatch(/^.+…$/u);
      expect(name.startsWith(short.slice(0, -1))).toBe(true);
      expect(short.length).toBeLessThan(name.length);
      // No half of a character is left: what follows in the name begins a new one.
      const parts = Array.from(new Intl.Segmenter().segment(name), ({ index }) => index);
      expect(parts).toContain(short.length - 1);
    }
  });

  it('draws names that are not XML', async () => {
    expect(printable(' a\n\tb\u0000\u001B[1m\uD800 ')).toBe('a b\uFFFD\uFFFD[1m\uFFFD');
    const captions = ['<b>&amp;"\u0001\uFFFF\uD83D', '\u200B', '   '];
    for (const caption of captions)
      expect(
        (await drawSheet([flat(40, 9, [caption])], { title: caption, note: '', columns: 1 })).length,
      ).toBeGreaterThan(0);
  });
});

describe('pictures of a store', () => {
  it('are other ones for another seed, never one twice, and named', async () => {
    await using store = await storeOf(30, 16);
    const all = { start: 0, end: store.count };
    const some = chosen(all, 10, 1);
    expect(new Set(some).size).toBe(10);
    expect(some).toEqual(chosen(all, 10, 1));
    expect(some).not.toEqual(chosen(all, 10, 2));
    expect(chosen(all, 99, 1)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    for (const [i, picture] of (await recordPictures(store, some)).entries()) {
      const index = some[i] as number;
      expect(Buffer.from(picture.pixels).equals(store.record(index))).toBe(true);
      expect(picture.captions).toEqual([
        store.classes[store.labels[index] as number]?.name,
        `image ${index}`,
      ]);
    }
  });

  it.each<PresetName>(['mini', 'cifar'])(
    'as the network of %s sees them are crops of the records',
    async (name) => {
      const { preprocessing } = preset(name, 3);
      const { crop, store: side } = preprocessing;
      await using store = await storeOf(4, side);
      const augmenting = { ...recipes[name].augmentation, colour: 0 };
      const pictures = await seenPictures(store, [0, 3], {
        preprocessing,
        augmenting,
        seed: [7, 0],
        views: 5,
      });
      expect(pictures).toHaveLength(12);
      let reflected = 0;
      for (const [i, { pixels, side: shown, captions }] of pictures.entries()) {
        if (i % 6 === 0) continue;
        expect(shown).toBe(crop);
        const record = store.record(i < 6 ? 0 : 3);
        const [, top, left] = /^from (\d+), (\d+)/.exec(captions[0] ?? '') ?? [];
        const turned = captions[0]?.endsWith('reflected') ?? false;
        if (turned) reflected++;
        let worst = 0;
        for (let y = 0; y < crop; y++)
          for (let x = 0; x < crop; x++)
            for (let c = 0; c < 3; c++) {
              const from = Number(left) + (turned ? crop - 1 - x : x);
              const expected = record[((Number(top) + y) * side + from) * 3 + c] as number;
              worst = Math.max(worst, Math.abs((pixels[(y * crop + x) * 3 + c] as number) - expected));
            }
        // The mean went and came back in float32.
        expect(worst).toBeLessThanOrEqual(1);
      }
      expect(reflected).toBeGreaterThan(0);
      expect(reflected).toBeLessThan(10);
    },
  );

  it('in colour are shifted as their captions say', async () => {
    const { preprocessing } = preset('mini', 3);
    await using store = await storeOf(2, preprocessing.store);
    const common = { preprocessing, seed: [7, 0] as const, views: 1 };
    const { augmentation } = recipes.mini;
    const seen = async (colour: number) =>
      (await seenPictures(store, [0], { ...common, augmenting: { ...augmentation, colour } }))[1] as Picture;
    const [plain, shifted] = [await seen(0), await seen(0.1)];
    const shift = (shifted.captions[1] ?? '').replaceAll('−', '-').split(' ').slice(1).map(Number);
    expect(shift.some((part) => part !== 0)).toBe(true);
    plain.pixels.forEach((value, i) => {
      const expected = Math.min(255, Math.max(0, value + (shift[i % 3] as number)));
      expect(Math.abs((shifted.pixels[i] as number) - expected)).toBeLessThanOrEqual(2);
    });
  });
});

describe('verifying', () => {
  it('finds exactly the damaged records', async () => {
    const store = await storeOf(20, 16);
    expect(await verifyRecords(store)).toMatchObject({ checked: 20, damaged: [], changed: [] });
    const [path, record] = [store.path, Buffer.from(store.record(13))];
    await store[Symbol.asyncDispose]();
    const file = join(path, 'data.mdb');
    const bytes = await readFile(file);
    const at = bytes.indexOf(record);
    bytes[at + 5] = (bytes[at + 5] as number) ^ 1;
    await writeFile(file, bytes);
    await using again = await openStore(path);
    expect((await verifyRecords(again)).damaged).toEqual([13]);
  });

  it('stops when asked to', async () => {
    await using store = await storeOf(2, 16);
    const signal = AbortSignal.abort();
    await expect(verifyRecords(store, { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
