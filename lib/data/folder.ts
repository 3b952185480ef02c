/** Images in folders: DATA/<class>/*, or DATA/train/<class>/* and DATA/val/<class>/*. */

import { listFolder, type FoundFile } from './sources/listing.js';
import type { Split } from './sources/source.js';

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

/** Leaves out what is refused. Throws AlexNetError DATA where there is nothing to train on. */
export async function listImages(path: string): Promise<Listing> {
  const { classes, found, split } = await listFolder(path);
  const files = found.filter((item): item is FoundFile => 'file' in item);
  const of = (wanted: Split): LabelledFile[] =>
    files.filter((file) => file.split === wanted).map(({ file, label }) => ({ file, label }));
  return { classes, train: of('train'), validation: split ? of('validation') : undefined };
}
