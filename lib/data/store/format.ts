/**
 * A store on disk: a folder with an LMDB environment (data.mdb, lock.mdb) and skipped.jsonl. Databases:
 *
 *   images    index → record: a JPEG file, or raw size × size × 3 bytes
 *   entries   index → label, split, checksum and length of the record, name
 *   skipped   ordinal → { name, reason }
 *   state     how far preparing has come; empty of sums once complete
 *   about     what the store is; what was measured, and checksums of all that, once complete
 *
 * Indices and ordinals are uint32 keys from 0 on, in the source's order. A transaction holds a fixed number of the source's
 * items and everything that follows from them, so a store killed at any moment goes on as if nothing had happened.
 */

import { join } from 'node:path';
import type { ClassName, Split } from '../sources/types.js';
import type { RecordOptions, StoreSource } from './types.js';

/** Of what is kept and of how its pixels are made: the same images make the same store. */
export const version = 2;

/** The source's items in a transaction: what a kill loses at most. */
export const itemsPerTransaction = 512;

export const dataFile = (folder: string): string => join(folder, 'data.mdb');
export const skippedFile = (folder: string): string => join(folder, 'skipped.jsonl');

/** What a store is made of; the same with the same images makes the same store. */
export interface StoreOptions {
  readonly record: RecordOptions;
  /** null: named after their numbers when all labels are known. */
  readonly classes: readonly ClassName[] | null;
  readonly source: StoreSource;
}

/** about/store: written first. */
export interface About extends StoreOptions {
  readonly version: number;
}

/** about/complete: written last. The mean image and the labels lie beside it, as they are in memory. */
export interface Complete {
  readonly classes: readonly ClassName[];
  readonly train: number;
  readonly validation: number;
  readonly skipped: number;
  readonly meanColour: readonly number[];
  readonly covariance: readonly (readonly number[])[];
  readonly axes: readonly (readonly [number, number, number])[];
  readonly deviations: readonly number[];
  readonly digest: string;
  /** CRC-32 of about/mean and about/labels. */
  readonly meanChecksum: number;
  readonly labelsChecksum: number;
}

export interface Entry {
  readonly label: number;
  readonly split: Split;
  /** CRC-32 of the record, and its bytes. */
  readonly checksum: number;
  readonly length: number;
  readonly name: string;
}

const splits: readonly Split[] = ['train', 'validation'];
const header = 13;

export function encodeEntry({ label, split, checksum, length, name }: Entry): Buffer {
  const bytes = Buffer.alloc(header + Buffer.byteLength(name));
  bytes.writeUInt32LE(label, 0);
  bytes.writeUInt32LE(checksum, 4);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt8(splits.indexOf(split), 12);
  bytes.write(name, header);
  return bytes;
}

export function decodeEntry(bytes: Buffer): Entry {
  return {
    label: bytes.readUInt32LE(0),
    checksum: bytes.readUInt32LE(4),
    length: bytes.readUInt32LE(8),
    split: splits[bytes.readUInt8(12)] ?? 'train',
    name: bytes.toString('utf8', header),
  };
}

export const labelOf = (entry: Buffer): number => entry.readUInt32LE(0);

export const encodeJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
export const decodeJson = (bytes: Buffer): unknown => JSON.parse(bytes.toString()) as unknown;

/** The memory of a typed array. */
export const bytesOf = (array: ArrayBufferView): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** Bytes from a database, aligned as a typed array's memory has to be. */
export const alignedCopy = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
