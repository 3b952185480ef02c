/** Sources of images: one interface, whatever they lie in. */

import type { Parts } from './parts.js';

export type Split = 'train' | 'validation';

/** A class; its index in a list of them is its label. */
export interface ClassName {
  readonly name: string;
  /** Of WordNet: n01440764. */
  readonly wnid?: string;
}

/** A place in a source: JSON, of which only the source knows what it means. */
export type Position = unknown;

/** A path, an image file's bytes, or side × side × 3 bytes of RGB. */
export type Content =
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
  | { readonly pixels: Uint8Array; readonly side: number };

export interface SourceImage {
  /** A path inside the source: what users see. */
  readonly name: string;
  readonly label: number;
  readonly split: Split;
  readonly content: Content;
  /** `items(next)` goes on after this one. */
  readonly next: Position;
  /** Of the source's bytes, those up to here. */
  readonly bytesRead: number;
}

/** What never became an image: a link that leads out of a folder, a sample without a label. */
export interface Refused {
  readonly name: string;
  readonly reason: string;
}

/** Images, and classes that have some. */
export interface Published {
  readonly train?: { readonly images: number; readonly classes: number };
  readonly validation?: { readonly images: number };
}

export interface Source extends AsyncDisposable {
  readonly kind: 'folder' | 'imagenet' | 'webdataset' | 'cifar';
  readonly path: string;
  /** sha256, hex: changes with whatever would change the images (names, sizes, dates, the order of the labels). */
  readonly fingerprint: string;
  /** null where only the labels' numbers are known. */
  readonly classes: readonly ClassName[] | null;
  /** Items in all, those refused among them; null where that is not known before they are read. */
  readonly images: number | null;
  /** Where folders' or shards' names tell what is for training and what for validation. */
  readonly parts?: Parts;
  /** What archives known by their names hold as they were published. */
  readonly published?: Published;
  /** In all: the measure of progress. */
  readonly bytes: number;
  /** Of images that are all of one size. */
  readonly native?: { readonly side: number };
  /**
   * Always in the same order, the training images first; from the beginning for null, else from a `next`. Throws AlexNetError
   * DATA where the source itself can no longer be read.
   */
  items(
    from: Position,
  ): AsyncGenerator<SourceImage | (Refused & { readonly next: Position; readonly bytesRead: number })>;
}

export interface SourceOptions {
  /** Names by label, for sources that know only numbers. */
  readonly classNames?: readonly string[];
  /** The ILSVRC-2012 development kit, where it does not lie beside the archives: the .tar.gz or its folder. */
  readonly devkit?: string;
  /** Whether an archive may end too soon or be damaged: what is whole is read, and the rest refused; default: that is an error. */
  readonly allowTruncated?: boolean;
  /** Whether a class may have no images; default: that is an error. */
  readonly allowEmptyClasses?: boolean;
  /** Whether links that lead out of a folder of class folders are followed; default: yes. */
  readonly links?: boolean;
}
