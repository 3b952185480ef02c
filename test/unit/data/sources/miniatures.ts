/** Every kind of source in small: same file names, same nesting, real JPEGs. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { image, pixelsOf, speckled } from '../fixtures.js';
import { writeMatlab, type MatlabOptions } from './matlab-writer.js';

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

export interface Labelled {
  /** As the source calls it. */
  readonly name: string;
  readonly label: number;
}

export interface Miniature {
  /** In the source's order. */
  readonly train: readonly Labelled[];
  readonly validation: readonly Labelled[];
}

/** A tar archive, end mark and all. */
export async function tarOf(files: readonly NamedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, bytes } of files)
    archive.entry({ name, mtime: new Date(0) }, typeof bytes === 'string' ? bytes : Buffer.from(bytes));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A JPEG like no other seed's. */
export const jpeg = async (seed: number, width = 40, height = 30): Promise<Buffer> =>
  await image(width, height, speckled(seed)).jpeg().toBuffer();

export async function writeFiles(folder: string, files: readonly NamedFile[]): Promise<void> {
  for (const { name, bytes } of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const digits = (n: number, width: number): string => String(n).padStart(width, '0');

export interface FolderSizes {
  readonly classes: number;
  readonly trainPerClass: number;
  /** 0: no val/, the classes at the top. */
  readonly validationPerClass?: number;
}

/** Class folders, or train/ and val/ with them. */
export async function miniatureFolder(
  folder: string,
  { classes, trainPerClass, validationPerClass = 0 }: FolderSizes,
): Promise<Miniature & { readonly classes: readonly string[] }> {
  const names = range(classes).map((label) => `class-${digits(label, 3)}`);
  const inside = (prefix: string, each: number): Labelled[] =>
    names.flatMap((name, label) =>
      range(each).map((n) => ({ name: `${prefix}${name}/${digits(n, 4)}.jpg`, label })),
    );
  const train = inside(validationPerClass > 0 ? 'train/' : '', trainPerClass);
  const validation = inside('val/', validationPerClass);
  for (const [n, { name }] of [...train, ...validation].entries())
    await writeFiles(folder, [{ name, bytes: await jpeg(n) }]);
  return { classes: names, train, validation };
}

export interface Synset {
  readonly id: number;
  readonly wnid: string;
  readonly words: string;
  /** Classes with children have no images. */
  readonly children?: readonly number[];
}

/** data/meta.mat of the development kit. */
export const metaMat = (synsets: readonly Synset[], options?: MatlabOptions): Buffer =>
  writeMatlab(
    {
      synsets: synsets.map(({ id, wnid, words, children = [] }) => ({
        ILSVRC2012_ID: id,
        WNID: wnid,
        words,
        gloss: `what is called ${words}`,
        num_children: children.length,
        children,
        wordnet_height: children.length > 0 ? 1 : 0,
        num_train_images: children.length > 0 ? 0 : 1300,
      })),
    },
    options,
  );

/** ILSVRC2012_devkit_t12.tar.gz; `truth`: a validation image's ILSVRC2012_ID each. */
export async function devkitOf(meta: Buffer, truth: readonly number[]): Promise<Buffer> {
  const root = 'ILSVRC2012_devkit_t12';
  const text = truth.map((id) => `${id}\n`).join('');
  return gzipSync(
    await tarOf([
      { name: `${root}/readme.txt`, bytes: 'ImageNet Large Scale Visual Recognition Challenge 2012' },
      { name: `${root}/data/meta.mat`, bytes: meta },
      { name: `${root}/data/ILSVRC2012_validation_ground_truth.txt`, bytes: text },
      { name: `${root}/evaluation/eval_flat.m`, bytes: 'function error = eval_flat' },
    ]),
  );
}

export interface ImageNetSizes {
  readonly classes: number;
  readonly trainPerClass: number;
  /** Validation images in all; their classes come in no order. */
  readonly validation: number;
  readonly matlab?: MatlabOptions;
}

export interface MiniatureImageNet extends Miniature {
  /** By label: in byte order. */
  readonly wnids: readonly string[];
  readonly words: readonly string[];
  readonly synsets: readonly Synset[];
}

/** The three files of ILSVRC-2012, the kit's ids in another order than the wnids, and a class above them all. */
export async function miniatureImageNet(folder: string, sizes: ImageNetSizes): Promise<MiniatureImageNet> {
  const { classes, trainPerClass, validation, matlab } = sizes;
  const wnids = range(classes).map((label) => `n${digits(1440764 + 97 * label, 8)}`);
  const words = wnids.map((_, label) => `thing ${label}, chose nº ${label}`);
  const step = classes % 7 === 0 ? 1 : 7;
  const labelOfId = (id: number): number => (id * step + 3) % classes;
  const leaves = range(classes).map((n) => ({
    id: n + 1,
    wnid: wnids[labelOfId(n + 1)] ?? '',
    words: words[labelOfId(n + 1)] ?? '',
  }));
  const above = {
    id: classes + 1,
    wnid: 'n00001740',
    words: 'entity',
    children: leaves.slice(0, 3).map(({ id }) => id),
  };
  const synsets = [...leaves, above];

  const train: Labelled[] = [];
  const archives: NamedFile[] = [];
  for (const [label, wnid] of wnids.entries()) {
    const files: NamedFile[] = [];
    for (const n of range(trainPerClass)) {
      const name = `${wnid}_${10026 + 7 * n}.JPEG`;
      files.push({ name, bytes: await jpeg(label * trainPerClass + n) });
      train.push({ name: `${wnid}/${name}`, label });
    }
    archives.push({ name: `${wnid}.tar`, bytes: await tarOf(files) });
  }
  const truth = range(validation).map((n) => ((n * n + 5 * n) % classes) + 1);
  const held: NamedFile[] = [];
  for (const n of range(validation))
    held.push({ name: `ILSVRC2012_val_${digits(n + 1, 8)}.JPEG`, bytes: await jpeg(10_000 + n) });
  await writeFiles(folder, [
    { name: 'ILSVRC2012_img_train.tar', bytes: await tarOf(archives) },
    { name: 'ILSVRC2012_img_val.tar', bytes: await tarOf(held) },
    { name: 'ILSVRC2012_devkit_t12.tar.gz', bytes: await devkitOf(metaMat(synsets, matlab), truth) },
  ]);
  return {
    wnids,
    words,
    synsets,
    train,
    validation: held.map(({ name }, n) => ({ name, label: labelOfId(truth[n] ?? 0) })),
  };
}

export interface WebDatasetSizes {
  readonly classes: number;
  readonly shards: number;
  readonly samplesPerShard: number;
  readonly validationShards?: number;
  /** Where the label stands, and whether the class's name does, too. */
  readonly label?: 'cls' | 'json' | 'named json';
  /** Shards in train/ and val/, or beside each other. */
  readonly folders?: boolean;
}

/** Shards dataset-train-000000.tar …, of samples 000000.jpg with .cls or .json. */
export async function miniatureWebDataset(folder: string, sizes: WebDatasetSizes): Promise<Miniature> {
  const { classes, shards, samplesPerShard, validationShards = 0, label: how = 'cls', folders } = sizes;
  const shard = async (split: 'train' | 'val', index: number): Promise<Labelled[]> => {
    const name = `${folders ? `${split}/dataset` : `dataset-${split}`}-${digits(index, 6)}.tar`;
    const files: NamedFile[] = [];
    const samples: Labelled[] = [];
    for (const n of range(samplesPerShard)) {
      const key = digits(index * samplesPerShard + n, 6);
      const label = (n + 2 * index + 1) % classes;
      const named = how === 'named json' ? { class_name: `kind ${label}` } : {};
      files.push({ name: `${key}.jpg`, bytes: await jpeg(n + 100 * index + (split === 'val' ? 5000 : 0)) });
      files.push(
        how === 'cls'
          ? { name: `${key}.cls`, bytes: `${label}` }
          : { name: `${key}.json`, bytes: JSON.stringify({ width: 40, label, ...named }) },
      );
      samples.push({ name: `${name}/${key}.jpg`, label });
    }
    await writeFiles(folder, [{ name, bytes: await tarOf(files) }]);
    return samples;
  };
  const all = async (split: 'train' | 'val', count: number): Promise<Labelled[]> =>
    (await Promise.all(range(count).map(async (index) => await shard(split, index)))).flat();
  return { train: await all('train', shards), validation: await all('val', validationShards) };
}

export const cifarClasses = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

export interface CifarSizes {
  readonly perBatch: number;
  readonly batches?: number;
  readonly test?: number;
}

/** Pixels of a miniature's image, row by row, RGB. */
export const cifarPixels = (batch: number, n: number): Uint8Array =>
  pixelsOf(32, 32, speckled(1000 * batch + n));

/** CIFAR-10's binary files, in `folder` itself; the test batch counts as number 0. */
export async function miniatureCifar(
  folder: string,
  { perBatch, batches = 5, test = perBatch }: CifarSizes,
): Promise<Miniature> {
  const batch = async (name: string, index: number, count: number): Promise<Labelled[]> => {
    const labels = range(count).map((n) => (3 * n + index) % 10);
    const records = labels.map((label, n) => {
      const pixels = cifarPixels(index, n);
      const plane = (c: number): number[] => range(1024).map((i) => pixels[3 * i + c] ?? 0);
      return Buffer.from([label, ...plane(0), ...plane(1), ...plane(2)]);
    });
    await writeFiles(folder, [{ name, bytes: Buffer.concat(records) }]);
    return labels.map((label, n) => ({ name: `${name}:${n}`, label }));
  };
  await writeFiles(folder, [{ name: 'batches.meta.txt', bytes: `${cifarClasses.join('\n')}\n\n` }]);
  const train: Labelled[] = [];
  for (const n of range(batches)) train.push(...(await batch(`data_batch_${n + 1}.bin`, n + 1, perBatch)));
  return { train, validation: test > 0 ? await batch('test_batch.bin', 0, test) : [] };
}
