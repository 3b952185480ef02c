/** The ILSVRC-2012 development kit: which classes there are, and which one each validation image shows. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AlexNetError } from '../../errors.js';
import { readMatlab, type MatlabValue } from './matlab.js';
import type { ClassName } from './types.js';
import { tarEntries } from './tar.js';

export interface Devkit {
  /** The classes that have images, in the order of their wnids. */
  readonly classes: readonly Required<ClassName>[];
  /** Labels of the validation images, in order; null for an id that no class has. */
  readonly validation: readonly (number | null)[];
}

const tablePath = 'data/meta.mat';
const truthPath = 'data/ILSVRC2012_validation_ground_truth.txt';

/** The kit has a few megabytes; another file may claim any size. */
const largest = 2 ** 28;

/** Of the archive as it is downloaded, or the folder it unpacks to. Throws AlexNetError DATA where it is no such kit. */
export async function readDevkit(path: string): Promise<Devkit> {
  const fail = (what: string): never => {
    throw new AlexNetError('DATA', `${path} ${what}; expected ILSVRC2012_devkit_t12.tar.gz as downloaded`);
  };
  const files = await filesOf(path).catch((error: NodeJS.ErrnoException) =>
    fail(error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.message})`),
  );
  const file = (name: string): Buffer => files.get(name) ?? fail(`has no ${name}`);
  const [table, truth] = [file(tablePath), file(truthPath)];
  const synsets = ((): Synset[] => {
    try {
      return synsetsIn(table);
    } catch (error) {
      return fail(`has a damaged ${tablePath} (${(error as Error).message})`);
    }
  })();
  const leaves = synsets
    .filter(({ children }) => children === 0)
    .toSorted((a, b) => (a.wnid < b.wnid ? -1 : 1));
  if (leaves.length === 0) fail(`has no classes in ${tablePath}`);
  const labels = new Map(leaves.map(({ id }, label) => [id, label]));
  const lines = truth.toString('latin1').trim().split(/\s+/);
  return {
    classes: leaves.map(({ wnid, words }) => ({ name: words, wnid })),
    validation: lines.map((line) => labels.get(Number(line)) ?? null),
  };
}

async function filesOf(path: string): Promise<ReadonlyMap<string, Buffer>> {
  if ((await stat(path)).isDirectory()) {
    const contents = await Promise.all(
      [tablePath, truthPath].map(async (name) => {
        const bytes = await readFile(join(path, name)).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return null;
          throw error;
        });
        return bytes ? ([[name, bytes]] as const) : [];
      }),
    );
    return new Map(contents.flat());
  }
  const packed = await readFile(path);
  const archive = packed[0] === 0x1f ? await promisify(gunzip)(packed, { maxOutputLength: largest }) : packed;
  const read = async (offset: number, length: number): Promise<Buffer<ArrayBuffer>> =>
    await Promise.resolve(Buffer.from(archive.subarray(offset, offset + length)));
  const files = new Map<string, Buffer>();
  for await (const entry of tarEntries(read, 0, archive.length)) {
    if ('reason' in entry) throw new Error(entry.reason);
    const name = [tablePath, truthPath].find((wanted) => `/${entry.name}`.endsWith(`/${wanted}`));
    if (name) files.set(name, await read(entry.data, entry.size));
  }
  return files;
}

interface Synset {
  readonly id: number;
  readonly wnid: string;
  readonly words: string;
  readonly children: number;
}

function synsetsIn(table: Buffer): Synset[] {
  const synsets = readMatlab(table).get('synsets');
  if (synsets?.kind !== 'struct') throw new Error('no struct array synsets');
  return synsets.elements.map((element) => ({
    id: numberIn(element, 'ILSVRC2012_ID'),
    wnid: textIn(element, 'WNID'),
    words: textIn(element, 'words'),
    children: numberIn(element, 'num_children'),
  }));
}

function numberIn(element: ReadonlyMap<string, MatlabValue>, field: string): number {
  const value = element.get(field);
  const number = value?.kind === 'numbers' ? value.values[0] : undefined;
  if (number === undefined) throw new Error(`no number ${field}`);
  return number;
}

function textIn(element: ReadonlyMap<string, MatlabValue>, field: string): string {
  const value = element.get(field);
  if (value?.kind !== 'text') throw new Error(`no text ${field}`);
  return value.text;
}
