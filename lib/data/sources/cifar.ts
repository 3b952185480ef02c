/** CIFAR's binary files: records of one or two label bytes and 32 × 32 pixels, all red ones, all green, all blue. */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { openFile } from './archive-file.js';
import type { ClassName, Source, Split } from './types.js';

const side = 32;
const plane = side ** 2;

/** File names in a folder. */
export interface CifarBatches {
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/** CIFAR-10's data_batch_1.bin … and test_batch.bin, or CIFAR-100's train.bin and test.bin; null where there are none. */
export function cifarBatches(folder: string, names: ReadonlySet<string>): CifarBatches | null {
  const numberOf = (name: string): number => Number(/^data_batch_(\d+)\.bin$/.exec(name)?.[1] ?? Number.NaN);
  const batches = [...names].filter((name) => !Number.isNaN(numberOf(name)));
  const have = (name: string): string[] => (names.has(name) ? [name] : []);
  const train = batches.toSorted((a, b) => numberOf(a) - numberOf(b));
  if (train.length > 0) return { folder, train, test: have('test_batch.bin') };
  return names.has('train.bin') ? { folder, train: ['train.bin'], test: have('test.bin') } : null;
}

interface CifarBatch {
  readonly name: string;
  readonly split: Split;
  readonly size: number;
  readonly date: number;
}

/** Throws AlexNetError DATA where a file is no whole number of records. */
export async function openCifar(path: string, { folder, train, test }: CifarBatches): Promise<Source> {
  const found = async (name: string, split: Split): Promise<CifarBatch> => {
    const { size, mtimeMs } = await stat(join(folder, name));
    return { name, split, size, date: mtimeMs };
  };
  const batches = await Promise.all([
    ...train.map(async (name) => await found(name, 'train')),
    ...test.map(async (name) => await found(name, 'validation')),
  ]);
  const labelBytes = labelBytesOf(folder, batches);
  const record = labelBytes + 3 * plane;
  const classes = await classesIn(folder, labelBytes);
  const bytes = batches.reduce((sum, { size }) => sum + size, 0);
  return {
    kind: 'cifar',
    path,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([labelBytes, classes, batches]))
      .digest('hex'),
    classes,
    images: bytes / record,
    bytes,
    native: { side },
    items: (from) => records(folder, batches, labelBytes, (from as number | null) ?? 0),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

/** CIFAR-10 has one, CIFAR-100 two: superclass and class. */
function labelBytesOf(folder: string, batches: readonly CifarBatch[]): number {
  const wrong = (labelBytes: number): CifarBatch | undefined =>
    batches.find(({ size }) => size === 0 || size % (labelBytes + 3 * plane) !== 0);
  // A length that fits both is either's only by its name.
  const tried = batches[0]?.name === 'train.bin' ? [2, 1] : [1, 2];
  const fitting = tried.find((labelBytes) => wrong(labelBytes) === undefined);
  if (fitting !== undefined) return fitting;
  const { name, size } = (wrong(tried[0] ?? 1) ?? batches[0]) as CifarBatch;
  throw new AlexNetError(
    'DATA',
    `${join(folder, name)} has ${size} bytes, no whole number of CIFAR records (${3 * plane + 1} or ${3 * plane + 2} bytes); ` +
      'is it cut short?',
  );
}

async function classesIn(folder: string, labelBytes: number): Promise<ClassName[] | null> {
  const file = labelBytes === 1 ? 'batches.meta.txt' : 'fine_label_names.txt';
  const text = await readFile(join(folder, file), 'utf8').catch(() => '');
  const names = text.split('\n').map((line) => line.trim());
  const classes = names.filter((name) => name !== '').map((name) => ({ name }));
  return classes.length > 0 ? classes : null;
}

/** A position is the number of records before it. */
async function* records(
  folder: string,
  batches: readonly CifarBatch[],
  labelBytes: number,
  from: number,
): ReturnType<Source['items']> {
  const record = labelBytes + 3 * plane;
  let before = 0;
  for (const { name, split, size } of batches) {
    const count = size / record;
    const first = Math.max(0, from - before);
    if (first < count) {
      await using file = await openFile(join(folder, name));
      for (let n = first; n < count; n++) {
        const bytes = await file.ahead(n * record, record);
        if (bytes.length < record)
          throw new AlexNetError('DATA', `${join(folder, name)} became shorter while it was read`);
        const next = before + n + 1;
        yield {
          name: `${basename(name)}:${n}`,
          label: bytes[labelBytes - 1] ?? 0,
          split,
          content: { pixels: interleaved(bytes.subarray(labelBytes)), side },
          next,
          bytesRead: next * record,
        };
      }
    }
    before += count;
  }
}

function interleaved(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < plane; i++) pixels[3 * i + c] = planes[c * plane + i] ?? 0;
  }
  return pixels;
}
