/**
 * The safetensors format: 8 bytes of little-endian header length, a JSON header {name: {dtype, shape, data_offsets},
 * __metadata__: {string: string}}, then the tensors' bytes.
 */

import { AlexNetError } from '../errors.js';

export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As in the format's own implementation. */
const longestHeader = 100e6;

const dtypes: Record<string, { bytes: number; view: (buffer: ArrayBuffer) => TensorData }> = {
  F32: { bytes: 4, view: (buffer) => new Float32Array(buffer) },
  F64: { bytes: 8, view: (buffer) => new Float64Array(buffer) },
  I32: { bytes: 4, view: (buffer) => new Int32Array(buffer) },
  U8: { bytes: 1, view: (buffer) => new Uint8Array(buffer) },
};

function dtypeOf(data: TensorData): string {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

/** The header with its length in front; the JSON is padded with spaces so that the data start at a multiple of 8. */
export function encodeHeader(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

function fail(file: string, problem: string): never {
  throw new AlexNetError('CHECKPOINT', `${file}: not a whole safetensors file: ${problem}`);
}

/** Length of the JSON header, from the file's first 8 bytes. */
export function headerLength(file: string, first: Buffer, fileBytes: number): number {
  if (first.length < 8) fail(file, 'it is shorter than 8 bytes');
  const length = Number(first.readBigUInt64LE(0));
  if (length > longestHeader || 8 + length > fileBytes) {
    fail(file, `its header claims ${length} bytes of ${fileBytes}; it was cut short, or is of another kind`);
  }
  return length;
}

/** Checks that every tensor lies inside the file and that none overlap. */
export function decodeHeader(file: string, json: Buffer, dataBytes: number): Header {
  let parsed: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  try {
    parsed = JSON.parse(json.toString('utf8')) as typeof parsed;
  } catch {
    return fail(file, 'its header is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) fail(file, 'its header is not an object');
  const { __metadata__: metadata = {}, ...tensors } = parsed as typeof parsed & {
    __metadata__?: Record<string, string>;
  };
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of Object.entries(tensors)) {
    const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
    const known =
      typeof entry?.dtype === 'string' &&
      Array.isArray(entry.shape) &&
      entry.shape.every(whole) &&
      Array.isArray(entry.data_offsets) &&
      entry.data_offsets.length === 2 &&
      entry.data_offsets.every(whole);
    if (!known) fail(file, `the header's entry of ${name} is malformed`);
    const [begin, end] = entry.data_offsets;
    if (end < begin || end > dataBytes) {
      fail(file, `${name} ends at byte ${end} of ${dataBytes}; it was cut short`);
    }
    const bytes = dtypes[entry.dtype]?.bytes;
    const count = entry.shape.reduce((a, b) => a * b, 1);
    if (bytes !== undefined && end - begin !== count * bytes) {
      fail(file, `${name} has ${end - begin} bytes; expected ${count * bytes} for its shape`);
    }
    entries.set(name, { dtype: entry.dtype, shape: entry.shape, begin, end });
  }
  const inOrder = [...entries].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  inOrder.forEach(([name, entry], i) => {
    const before = inOrder[i - 1];
    if (before && before[1].end > entry.begin) fail(file, `${before[0]} and ${name} overlap`);
  });
  return { entries, metadata };
}

/** A tensor's bytes as numbers; other types of numbers stay bytes. */
export function typed(entry: TensorEntry, bytes: ArrayBuffer): TensorData {
  return dtypes[entry.dtype]?.view(bytes) ?? new Uint8Array(bytes);
}
