/** Images in folders: DATA/<class>/*, or DATA/train/<class>/* and DATA/val/<class>/*. */

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { AlexNetError } from '../errors.js';

export interface LabelledFile {
  readonly file: string;
  /** Index into the listing's classes. */
  readonly label: number;
}

export interface Listing {
  /** Names of the class folders, in byte order: the order of the labels. */
  readonly classes: readonly string[];
  readonly train: readonly LabelledFile[];
  /** What lies in val/ (or test/), where there is one. */
  readonly validation: readonly LabelledFile[] | undefined;
}

const fail = (message: string): never => {
  throw new AlexNetError('DATA', message);
};

const byteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Entries that are not hidden, in byte order; links count as what they lead to unless they leave the tree. */
async function entries(path: string, root: string): Promise<{ name: string; folder: boolean }[]> {
  const found = await readdir(path, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException): Dirent[] => {
      if (error.code === 'ENOENT') fail(`${path} does not exist`);
      if (error.code === 'ENOTDIR') fail(`${path} is a file; expected a folder of class folders`);
      return fail(`${path} cannot be read: ${error.message}`);
    },
  );
  const kept: { name: string; folder: boolean }[] = [];
  for (const entry of found) {
    if (entry.name.startsWith('.')) continue;
    if (!entry.isSymbolicLink()) {
      if (entry.isDirectory() || entry.isFile()) kept.push({ name: entry.name, folder: entry.isDirectory() });
      continue;
    }
    const target = await realpath(join(path, entry.name)).catch(() => null);
    if (!target?.startsWith(root + sep)) continue;
    kept.push({ name: entry.name, folder: (await stat(target)).isDirectory() });
  }
  return kept.toSorted((a, b) => byteOrder(a.name, b.name));
}

async function filesBelow(
  path: string,
  root: string,
  seen: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const real = await realpath(path);
  if (seen.has(real)) return [];
  const files: string[] = [];
  for (const { name, folder } of await entries(path, root)) {
    const inner = join(path, name);
    if (folder) files.push(...(await filesBelow(inner, root, new Set([...seen, real]))));
    else files.push(inner);
  }
  return files;
}

async function classFolders(path: string, root: string): Promise<Map<string, string[]>> {
  const classes = new Map<string, string[]>();
  for (const { name, folder } of await entries(path, root)) {
    if (folder) classes.set(name, await filesBelow(join(path, name), root));
  }
  if (classes.size === 0) fail(`${path} has no class folders; expected one folder of images for each class`);
  const empty = [...classes].filter(([, files]) => files.length === 0).map(([name]) => name);
  if (empty.length === classes.size) fail(`${path} has class folders but no images in them`);
  if (empty.length > 0) fail(`${path}: no images in class folder ${some(empty)}; remove it or fill it`);
  return classes;
}

const some = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

const labelled = (folders: ReadonlyMap<string, string[]>, classes: readonly string[]): LabelledFile[] =>
  classes.flatMap((name, label) => (folders.get(name) ?? []).map((file) => ({ file, label })));

/** Throws AlexNetError DATA where there is nothing to train on. */
export async function listImages(path: string): Promise<Listing> {
  const found = await entries(path, await realpath(path).catch(() => path));
  const root = await realpath(path);
  const folder = (name: string): boolean => found.some((entry) => entry.folder && entry.name === name);
  if (!folder('train')) {
    const folders = await classFolders(path, root);
    const classes = [...folders.keys()];
    return { classes, train: labelled(folders, classes), validation: undefined };
  }
  const train = await classFolders(join(path, 'train'), root);
  const classes = [...train.keys()];
  const held = ['val', 'validation', 'test'].find(folder);
  if (!held) return { classes, train: labelled(train, classes), validation: undefined };
  const validation = await classFolders(join(path, held), root);
  const missing = classes.filter((name) => !validation.has(name));
  const extra = [...validation.keys()].filter((name) => !train.has(name));
  if (missing.length > 0) fail(`${join(path, held)} lacks classes that train has: ${some(missing)}`);
  if (extra.length > 0) fail(`${join(path, held)} has classes that train lacks: ${some(extra)}`);
  return { classes, train: labelled(train, classes), validation: labelled(validation, classes) };
}
