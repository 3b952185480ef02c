/** A store of as many images as ImageNet has, of one pixel each; a tenth of it unless ALEXNET_TEST_LARGE=1. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { openStore } from '../../../../lib/data/store/reader.js';
import { append, begin, finish } from '../../../../lib/data/store/writer.js';
import { temporaryFolder } from '../fixtures.js';

const whole = process.env['ALEXNET_TEST_LARGE'] === '1';
const train = whole ? 1_281_167 : 128_116;
const count = train + (whole ? 50_000 : 5000);
const label = (index: number): number => (index * 7919) % 1000;

it('a store of 1.3 million images opens at once, its labels right, in little memory', async () => {
  if (!whole) console.log(`with ${count} images; ALEXNET_TEST_LARGE=1 for 1,331,167`);
  const out = await temporaryFolder();
  let progress = await begin(out, {
    record: { size: 1, fit: 'crop', encoding: { kind: 'raw' }, allowTruncated: false },
    classes: null,
    source: { kind: 'folder', path: 'nowhere', fingerprint: 'none' },
  });
  for (let from = 0; from < count; from += 16_384) {
    const images = Array.from({ length: Math.min(16_384, count - from) }, (_, i) => {
      const index = from + i;
      const record = Uint8Array.from([index, index >> 8, index >> 16]);
      const split = index < train ? ('train' as const) : ('validation' as const);
      const name = `n${label(index)}/n${label(index)}_${index}.JPEG`;
      return { name, label: label(index), split, record, checksum: crc32(record) };
    });
    const batch = { images, skipped: [], sums: null, items: images.length, next: from, bytesRead: from };
    progress = await append(out, progress, batch);
  }
  await finish(out, progress);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  await using store = await openStore(out);
  const milliseconds = performance.now() - started;
  const grown = process.memoryUsage().rss - before;
  const { size } = await stat(join(out, 'data.mdb'));
  console.log(
    `${count} images, ${(size / 1e6).toFixed(0)} MB: opened in ${milliseconds.toFixed(0)} ms and ${(grown / 1e6).toFixed(0)} MB`,
  );
  expect(grown).toBeLessThan(8 * count + 30e6);
  expect(store.splits).toEqual({
    train: { start: 0, end: train },
    validation: { start: train, end: count },
  });
  expect(store.labels.every((found, index) => found === label(index))).toBe(true);
  const index = Math.floor(Math.random() * count);
  expect(store.name(index)).toBe(`n${label(index)}/n${label(index)}_${index}.JPEG`);
  expect([...store.record(index)]).toEqual([index & 255, (index >> 8) & 255, index >> 16]);
});
