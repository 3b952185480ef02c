import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../../lib/package-root.js';

interface Rows {
  readonly fromFiles: readonly {
    name: string;
    imagesPerSecond: number;
    toSharp?: number;
    toDecoding?: number;
  }[];
  readonly fromStores: Rows['fromFiles'];
}

it('the benchmark of loading measures every way from files to batches', () => {
  const small =
    '--count 6 --load 40 --rounds 1 --threads 1 --batch 8 --size 32 --python nowhere --json'.split(' ');
  const text = execFileSync(process.execPath, [join(packageRoot(), 'dist', 'bench', 'loading.js'), ...small]);
  const { fromFiles, fromStores } = JSON.parse(text.toString()) as Rows;
  expect(fromFiles.map(({ name }) => name)).toEqual([
    'sharp alone: decode, resize, crop',
    'ours alone: decode, resize, crop',
    'prepare, jpeg records',
    'prepare, raw records',
  ]);
  expect(fromStores.map(({ name }) => name)).toEqual([
    'JPEG decode alone, in threads',
    'loader, jpeg records',
    'loader, raw records',
  ]);
  for (const { imagesPerSecond, toSharp, toDecoding } of [...fromFiles, ...fromStores]) {
    expect(imagesPerSecond).toBeGreaterThan(0);
    expect(toSharp ?? toDecoding).toBeGreaterThan(0);
  }
  expect([fromFiles[0]?.toSharp, fromStores[0]?.toDecoding]).toEqual([1, 1]);
});
