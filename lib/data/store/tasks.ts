/** What worker threads do for a store. */

import type { PixelSums } from '../colour.js';
import type { StoreOptions } from './format.js';
import type { Encoding, RecordOptions } from './types.js';
import type { ItemBatch, Progress } from './writer.js';

/** An image to be made a record: a file's path, a file's bytes, or RGB pixels. */
export type ImageContent =
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
  | { readonly pixels: Uint8Array; readonly side: number };

export interface PrepareChunk {
  readonly record: RecordOptions;
  /** `measured`: whether its pixels count for the mean image and the colours. */
  readonly images: readonly { readonly content: ImageContent; readonly measured: boolean }[];
}

export interface PreparedChunk {
  /** In the order of the images: what to store, or why there is nothing. */
  readonly records: readonly (
    { readonly record: Uint8Array<ArrayBuffer>; readonly checksum: number } | { readonly reason: string }
  )[];
  /** null where no image was measured. */
  readonly sums: PixelSums | null;
}

export interface DecodeRecords {
  /** The store's folder. */
  readonly path: string;
  readonly size: number;
  readonly encoding: Encoding;
  readonly indices: Uint32Array;
  readonly target: SharedArrayBuffer;
  /** Bytes from its start. */
  readonly offset: number;
}

/** What goes into each and what comes out. */
export interface StoreTasks {
  readonly prepare: { readonly input: PrepareChunk; readonly output: PreparedChunk };
  readonly decode: { readonly input: DecodeRecords; readonly output: void };
  readonly begin: {
    readonly input: { readonly path: string; readonly options: StoreOptions };
    readonly output: Progress;
  };
  readonly append: {
    readonly input: { readonly path: string; readonly progress: Progress; readonly batch: ItemBatch };
    readonly output: Progress;
  };
  readonly finish: {
    readonly input: { readonly path: string; readonly progress: Progress };
    readonly output: void;
  };
}
