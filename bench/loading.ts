/**
 * npm run bench:loading [-- --images FOLDER --count 4500 --rounds 5 --threads 2 --python PYTHON --json]
 * Images a second from files to stores and from stores to batches, beside what the decoders reach by themselves.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { rate, significant } from '../lib/text/numbers.js';
import { table, type Column } from '../lib/text/table.js';
import {
  bareDecode,
  loading,
  ourDecoding,
  preparing,
  sharpAlone,
  torchLoading,
  type Workplace,
  type Work,
} from './loading-works.js';
import { photographs } from './photographs.js';

interface Row {
  readonly name: string;
  /** Median over the rounds. */
  readonly imagesPerSecond: number;
  readonly perThread: number;
  /** Of each round to that work's in the same round, their median. */
  readonly toSharp?: number;
  readonly toPyTorch?: number;
  readonly toDecoding?: number;
}

const jpeg = { kind: 'jpeg', quality: 95 } as const;
const raw = { kind: 'raw' } as const;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return ((sorted[middle] as number) + (sorted[sorted.length - 1 - middle] as number)) / 2;
};

type Ratio = 'toSharp' | 'toPyTorch' | 'toDecoding';

/** Each work once a round, one after the other, so that a busy moment hits them all. */
async function measure(
  works: readonly Work[],
  rounds: number,
  threads: number,
  references: Readonly<Partial<Record<Ratio, Work | null>>>,
): Promise<Row[]> {
  const rates = new Map(works.map((work): [Work, number[]] => [work, []]));
  try {
    for (const { begin } of works) await begin?.();
    for (const { run } of works) await run();
    for (let round = 0; round < rounds; round++) for (const [{ run }, own] of rates) own.push(await run());
  } finally {
    for (const { end } of works) await end?.();
  }
  return [...rates].map(([{ name }, own]) => {
    const imagesPerSecond = median(own);
    const ratios = Object.entries(references).flatMap(([title, reference]) => {
      const others = reference ? rates.get(reference) : undefined;
      return others ? [[title, median(own.map((value, round) => value / (others[round] as number)))]] : [];
    });
    return { name, imagesPerSecond, perThread: imagesPerSecond / threads, ...Object.fromEntries(ratios) };
  });
}

const column = (title: string, align: Column['align'] = 'right'): Column => ({ title, align });

function shown(
  title: string,
  rows: readonly Row[],
  ratios: Readonly<Partial<Record<Ratio, string>>>,
): string[] {
  const titles = Object.entries(ratios) as [Ratio, string][];
  return [
    title,
    ...table(
      [
        column('', 'left'),
        column('images/s'),
        column('a thread'),
        ...titles.map(([, words]) => column(words)),
      ],
      rows.map((row) => [
        row.name,
        rate(row.imagesPerSecond),
        rate(row.perThread),
        ...titles.map(([ratio]) => `${significant(row[ratio] ?? Number.NaN, 3)} ×`),
      ]),
      '  ',
    ),
    '',
  ];
}

// libuv's threads, which sharp works in, are counted when the first of them starts: before this line.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) };
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });
  process.exit(status ?? 1);
}

const given = await yargs(hideBin(process.argv))
  .usage('bench:loading')
  .option('images', { type: 'string', describe: 'A folder of JPEG images; default: drawn ones' })
  .option('count', { type: 'number', default: 4500, describe: 'Images to prepare in a round' })
  .option('load', { type: 'number', default: 6000, describe: 'Images to load in a round' })
  .option('rounds', { type: 'number', default: 5, describe: 'Rounds' })
  .option('threads', { type: 'number', default: availableParallelism(), describe: 'Worker threads' })
  .option('batch', { type: 'number', default: 128, describe: 'Images a batch' })
  .option('size', { type: 'number', default: 256, describe: 'Pixels a side' })
  .option('python', { type: 'string', default: 'python3', describe: 'A Python with torch and Pillow' })
  .option('json', { type: 'boolean', default: false, describe: 'JSON on stdout' })
  .strictOptions()
  .parse();

const folder = await mkdtemp(join(tmpdir(), 'alexnet-loading-'));
try {
  const { count, load, rounds, threads, batch, size } = given;
  const images = join(folder, 'images');
  const files = await photographs(images, count, given.images);
  const place: Workplace = { folder, images, files, size, threads, batch };
  const torch = torchLoading(place, given.python);
  const sharp = sharpAlone(place);
  const fromFiles = await measure(
    [sharp, ourDecoding(place), preparing(place, jpeg), preparing(place, raw), ...(torch ? [torch] : [])],
    rounds,
    threads,
    { toSharp: sharp, toPyTorch: torch },
  );
  const bare = bareDecode(place, load);
  const fromStores = await measure(
    [bare, loading(place, jpeg, load), loading(place, raw, load)],
    rounds,
    threads,
    { toDecoding: bare },
  );
  if (given.json) {
    const about = { date: new Date().toISOString(), cpu: cpus()[0]?.model, node: process.version };
    console.log(
      JSON.stringify({ ...about, count, load, rounds, threads, batch, size, fromFiles, fromStores }),
    );
  } else {
    const about = `${threads} threads, ${rounds} rounds, ${size} × ${size} pixels`;
    console.log(
      [
        ...shown(`from files: ${count} images, ${about}`, fromFiles, {
          toSharp: 'to sharp',
          ...(torch && { toPyTorch: 'to PyTorch' }),
        }),
        ...(torch ? [] : [`  ${given.python} has no torch and Pillow: PyTorch is not measured`, '']),
        ...shown(`from stores: ${load} images in batches of ${batch}, ${about}`, fromStores, {
          toDecoding: 'to decoding',
        }),
      ].join('\n'),
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
