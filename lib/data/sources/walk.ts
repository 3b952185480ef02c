/** Walks through class folders: which files are in them, and what is passed over or refused. */

import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { some } from './parts.js';
import type { Refused } from './types.js';

const fail = (message: string): never => {
  throw new AlexNetError('DATA', message);
};

/** A file, a folder, or something that is refused. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | { readonly reason: string };
}

/** The paths in a class folder, and what is refused there. */
export type ClassFiles = readonly (string | Refused)[];

export interface WalkOptions {
  /** Whether classes may have no images. */
  readonly allowEmptyClasses: boolean;
  /** Whether links that lead out of the tree are followed. */
  readonly links: boolean;
}

/** What systems leave beside people's files, besides names that begin with a dot. */
const litter = new Set(['__macosx', 'thumbs.db', 'desktop.ini']);

/** Whether `inner` is `outer` or lies in it; both without links. */
const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

export class Walk {
  /** `root`: what `path` is behind all links. */
  constructor(
    private readonly path: string,
    private readonly root: string,
    private readonly options: WalkOptions,
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
        await this.collect(inner, await this.entries(inner), new Set(), new Set(), contents);
        classes.set(name, contents);
      } else if (kind !== 'file') refused.push(this.refused(inner, kind.reason));
    }
    if (classes.size === 0)
      fail(`${path} has no class folders; expected one folder of images for each class`);
    const without = (contents: ClassFiles): boolean => contents.every((found) => typeof found !== 'string');
    const empty = [...classes].filter(([, contents]) => without(contents)).map(([name]) => name);
    if (empty.length === classes.size) {
      const first = [...refused, ...[...classes.values()].flat()].find((found) => typeof found !== 'string');
      const why = first ? `; the first refused, ${first.name}: ${first.reason}` : '';
      fail(`${path} has class folders but no images in them${why}`);
    }
    if (empty.length > 0 && !this.options.allowEmptyClasses)
      fail(
        `${path}: no images in class folder ${some(empty)}; remove it, fill it, or add --allow-empty-classes`,
      );
    return { classes, refused };
  }

  /** Entries that are neither hidden nor litter, in byte order; links count as what they lead to. */
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
        if (litter.has(name.toLowerCase())) continue;
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
    if (!this.options.links && !isWithin(target, this.root))
      return { reason: `the link leads out of ${this.path}` };
    const found = await stat(target).catch(() => null);
    if (found?.isDirectory())
      return isWithin(this.root, target)
        ? { reason: 'the link leads to a folder that it lies in' }
        : 'folder';
    return found?.isFile() ? 'file' : { reason: 'it is not a file' };
  }

  /**
   * All files below a folder into `contents`; `outer`: the folders around it, `seen`: those of its class that were read, both
   * behind all links. No folder is read twice for a class: links could lead to it in more ways than can be counted.
   */
  private async collect(
    path: string,
    entries: readonly FolderEntry[],
    outer: ReadonlySet<string>,
    seen: Set<string>,
    contents: (string | Refused)[],
  ): Promise<void> {
    const here = await realpath(path);
    const around = new Set([...outer, here]);
    seen.add(here);
    for (const { name, kind } of entries) {
      const inner = join(path, name);
      if (kind === 'file') contents.push(inner);
      else if (kind !== 'folder') contents.push(this.refused(inner, kind.reason));
      else {
        const target = await realpath(inner);
        const read = seen.has(target) ? null : await this.entries(inner).catch((error: Error) => error);
        if (around.has(target))
          contents.push(this.refused(inner, 'the link leads to a folder that it lies in'));
        else if (read === null)
          contents.push(this.refused(inner, 'the folder was read before, by another link'));
        else if (read instanceof Error) contents.push(this.refused(inner, 'the folder cannot be read'));
        else await this.collect(inner, read, around, seen, contents);
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
