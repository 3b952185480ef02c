/** What worker threads can be asked to do, and the messages that ask for it. */

import type { StoreOptions } from './format.js';
import type { Encoding, RecordOptions } from './types.js';
import type { Batch, Progress } from './writer.js';

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

/** Sums over the pixels of some images, exact. */
export interface PixelSums {
  readonly images: number;
  /** size × size × 3 */
  readonly mean: Uint32Array<ArrayBuffer>;
  /** Of r, g, b, rr, rg, rb, gg, gb, bb. */
  readonly colour: BigUint64Array<ArrayBuffer>;
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

interface Tasks {
  readonly prepare: { readonly input: PrepareChunk; readonly output: PreparedChunk };
  readonly decode: { readonly input: DecodeRecords; readonly output: void };
  readonly begin: {
    readonly input: { readonly path: string; readonly options: StoreOptions };
    readonly output: Progress;
  };
  readonly append: {
    readonly input: { readonly path: string; readonly progress: Progress; readonly batch: Batch };
    readonly output: Progress;
  };
  readonly finish: {
    readonly input: { readonly path: string; readonly progress: Progress };
    readonly output: void;
  };
}

export type TaskName = keyof Tasks;
export type Input<N extends TaskName> = Tasks[N]['input'];
export type Output<N extends TaskName> = Tasks[N]['output'];

export interface ThreadOptions {
  readonly background: boolean;
}

export interface Request {
  readonly id: number;
  readonly name: TaskName;
  readonly input: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly code: unknown;
    readonly stack: string | undefined;
  };
}
