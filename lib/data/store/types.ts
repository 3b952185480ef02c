/** A store of images, as its readers see it. */

import type { Preprocessing } from '../../graph/graph.js';
import type { ColourAxes } from '../colour.js';
import type { Parts } from '../sources/parts.js';
import type { ClassName, Published } from '../sources/types.js';

/** How a record holds its pixels. JPEG is 4:4:4, of a quality from 1 to 100; raw is size × size × 3 bytes. */
export type Encoding = { readonly kind: 'jpeg'; readonly quality: number } | { readonly kind: 'raw' };

/** How images become records. */
export interface RecordOptions {
  /** Pixels a side. */
  readonly size: number;
  readonly fit: Preprocessing['fit'];
  readonly encoding: Encoding;
  /** Whether a file that ends too soon counts as an image, its missing part grey (PNG: black). */
  readonly allowTruncated: boolean;
}

/** Indices from `start` to below `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface SkippedItem {
  /** A path inside the folder, or an archive's entry. */
  readonly name: string;
  readonly reason: string;
}

/** Where a store's images came from. */
export interface StoreSource {
  readonly kind: string;
  readonly path: string;
  readonly fingerprint: string;
  /** What of it was for training and what for validation. */
  readonly parts?: Parts;
  /** What its archives hold as they were published. */
  readonly published?: Published;
}

/** What the entries of a store say now. */
export interface Scanned {
  /** In the order of the images. */
  readonly labels: Int32Array;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** Square images of one size with their labels, measured; the training images first. */
export interface ImageStore extends AsyncDisposable, RecordOptions {
  readonly path: string;
  readonly source: StoreSource;
  /** By label. */
  readonly classes: readonly ClassName[];
  readonly count: number;
  /** Of every image. */
  readonly labels: Int32Array;
  readonly splits: { readonly train: Range; readonly validation: Range | null };
  /** How many items of the source did not become images. */
  readonly skipped: number;
  /** Which, and why, in the source's order. */
  skippedItems(): Promise<SkippedItem[]>;
  /** size × size × 3: each pixel's mean over the training images, grey levels. */
  readonly meanImage: Float32Array;
  /** Red, green, blue, over the training images. */
  readonly meanColour: readonly number[];
  /** 3 × 3, of the training images' pixels, grey levels squared. */
  readonly covariance: readonly (readonly number[])[];
  /** Its principal axes. */
  readonly colour: ColourAxes;
  /** SHA-256 over all entries and records, hex: the same for the same images however they were prepared. */
  readonly digest: string;
  /** Whether all else that the store says of itself was compared with checksums: those of earlier programs have none. */
  readonly described: boolean;
  /** Reads all entries: their labels and digest as they are now. */
  scan(): Scanned;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Where image `index` came from. */
  name(index: number): string;
  /** A copy of the record itself: a JPEG file, or raw pixels. Throws AlexNetError DATA where its checksum is wrong. */
  record(index: number): Uint8Array;
  /**
   * Decodes the records at `indices` in a worker thread: size × size × 3 bytes each, one after the other, into `target`, which
   * lies on a SharedArrayBuffer, from byte `offset` of it. One call is one thread's work. Throws AlexNetError DATA where a
   * checksum is wrong, naming the image, and USAGE where the indices or the target do not fit.
   */
  decode(indices: readonly number[] | Uint32Array, target: Uint8Array, offset: number): Promise<void>;
}
