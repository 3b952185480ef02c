/** What a folder of images holds: FOLDER/<class>/*, or FOLDER/train/<class>/* and FOLDER/val/<class>/*. */

import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AlexNetError } from '../../errors.js';
import type { Refused, Split } from './types.js';

export interface FoundFile {
  readonly file: string;
  /** Index into the classes. */
  readonly label: number;
  readonly split: Split;
}

export interface FolderContents {
  /** Names of the class folders, in byte order: the order of the labels. */
  readonly classes: readonly string[];
  /** Those for training first; names of those refused are relative to the folder. */
  readonly found: readonly (FoundFile | Refused)[];
  /** Whether there is a val/ (or test/). */
  readonly split: boolean;
}

const fail = (message: string): never => {
  throw new AlexNetError('DATA', message);
};

/** A file, a folder, or something that is refused. */
interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | { readonly reason: string };
}

/** The paths in a class folder, and what is refused there. */
type ClassFiles = readonly (string | Refused)[];

/** Throws AlexNetError DATA where there is nothing to train on. */
export async function listFolder(path: string): Promise<FolderContents> {
  const walk = new Walk(path, await realpath(path).catch(() => path));
  const top = await walk.entries(path);
  const folder = (name: string): boolean => {
    const kind = top.find((entry) => entry.name === name)?.kind;
    return typeof kind === 'object' ? fail(`${join(path, name)}: ${kind.reason}`) : kind === 'folder';
  };
  if (!folder('train')) {
    const { classes, refused } = await walk.classes(path, top);
    const names = [...classes.keys()];
    return { classes: names, found: [...refused, ...labelled(classes, names, 'train')], split: false };
  }
  const train = await walk.classes(join(path, 'train'));
  const names = [...train.classes.keys()];
  const found = [...train.refused, ...labelled(train.classes, names, 'train')];
  const held = ['val', 'validation', 'test'].find(folder);
  if (held === undefined) return { classes: names, found, split: false };
  const validation = await walk.classes(join(path, held));
  const missing = names.filter((name) => !validation.classes.has(name));
  const extra = [...validation.classes.keys()].filter((name) => !train.classes.has(name));
  if (missing.length > 0) fail(`${join(path, held)} lacks classes that train has: ${some(missing)}`);
  if (extra.length > 0) fail(`${join(path, held)} has classes that train lacks: ${some(extra)}`);
  return {
    classes: names,
    found: [...found, ...validation.refused, ...labelled(validation.classes, names, 'validation')],
    split: true,
  };
}

const labelled = (
  folders: ReadonlyMap<string, ClassFiles>,
  classes: readonly string[],
  split: Split,
): (FoundFile | Refused)[] =>
  classes.flatMap((name, label) =>
    (folders.get(name) ?? []).map((found) =>
      typeof found === 'string' ? { file: found, label, split } : found,
    ),
  );

const some = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

class Walk {
  /** `root`: what `path` is behind all links. */
  constructor(
    private readonly path: string,
    private readonly root: string,
  ) {}

  async classes(
    path: string,
    listed?: readonly FolderEntry[],
  ): Promise<{ readonly classes: ReadonlyMap<string, ClassFiles>; readonly refused: readonly Refused[] }> {
    const classes = new Map<string, (string | Refused)[]>();
    const refused: Refused[] = [];
    for (const { name, kind } of listed ?? (await this.entries(path))) {
      const inner = join(path, name);
      if (kind === 'folder') {
        const contents: (string | Refused)[] = [];
        await this.collect(inner, await this.entries(inner), new Set(), contents);
        classes.set(name, contents);
      } else if (kind !== 'file') refused.push(this.refused(inner, kind.reason));
    }
    if (classes.size === 0)
      fail(`${path} has no class folders; expected one folder of images for each class`);
    const without = (contents: ClassFiles): boolean => contents.every((found) => typeof found !== 'string');
    const empty = [...classes].filter(([, contents]) => without(contents)).map(([name]) => name);
    if (empty.length === classes.size) fail(`${path} has class folders but no images in them`);
    if (empty.length > 0) fail(`${path}: no images in class folder ${some(empty)}; remove it or fill it`);
    return { classes, refused };
  }

  /** Entries that are not hidden, in byte order; links count as what they lead to unless they leave the tree. */
  async entries(path: string): Promise<FolderEntry[]> {
    const found = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') fail(`${path} does not exist`);
        if (error.code === 'ENOTDIR') fail(`${path} is a file; expected a folder of class folders`);
        return fail(`${path} cannot be read: ${error.message}`);
      },
    );
    const entries: FolderEntry[] = [];
    for (const entry of found.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
      if (entry.name[0] === 0x2e) continue;
      if (isUtf8(entry.name)) {
        const name = entry.name.toString('utf8');
        entries.push({ name, kind: await this.kindOf(entry, join(path, name)) });
      } else entries.push({ name: printable(entry.name), kind: { reason: 'its name is not UTF-8' } });
    }
    return entries;
  }

  private async kindOf(entry: Dirent<Buffer>, path: string): Promise<FolderEntry['kind']> {
    if (entry.isDirectory()) return 'folder';
    if (entry.isFile()) return 'file';
    if (!entry.isSymbolicLink()) return { reason: 'it is not a file' };
    const target = await realpath(path).catch(() => null);
    if (target === null) return { reason: 'the link leads nowhere' };
    if (target !== this.root && !target.startsWith(this.root === sep ? sep : this.root + sep))
      return { reason: `the link leads out of ${this.path}` };
    const found = await stat(target).catch(() => null);
    if (found?.isDirectory()) return 'folder';
    return found?.isFile() ? 'file' : { reason: 'it is not a file' };
  }

  /** All files below a folder into `contents`; `outer`: the folders around it, behind all links. */
  private async collect(
    path: string,
    entries: readonly FolderEntry[],
    outer: ReadonlySet<string>,
    contents: (string | Refused)[],
  ): Promise<void> {
    const around = new Set([...outer, await realpath(path)]);
    for (const { name, kind } of entries) {
      const inner = join(path, name);
      if (kind === 'file') contents.push(inner);
      else if (kind !== 'folder') contents.push(this.refused(inner, kind.reason));
      else if (around.has(await realpath(inner)))
        contents.push(this.refused(inner, 'the link leads to a folder that it lies in'));
      else {
        const read = await this.entries(inner).catch((error: Error) => error);
        if (read instanceof Error) contents.push(this.refused(inner, 'the folder cannot be read'));
        else await this.collect(inner, read, around, contents);
      }
    }
  }

  private refused(path: string, reason: string): Refused {
    return { name: relative(this.path, path), reason };
  }
}

/** Bytes that are no UTF-8, written out. */
const printable = (name: Buffer): string =>
  name
    .toString('latin1')
    .replace(/[^ -~]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
