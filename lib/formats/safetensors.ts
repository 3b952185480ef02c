/**
 * The safetensors format: 8 bytes of little-endian header length, a JSON header {name: {dtype, shape, data_offsets},
 * __metadata__: {string: string}}, then the tensors' bytes, one after the other without gaps.
 */

import { AlexNetError } from '../errors.js';

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

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

const bytesEach = new Map([
  ...['F64', 'I64', 'U64'].map((dtype) => [dtype, 8] as const),
  ...['F32', 'I32', 'U32'].map((dtype) => [dtype, 4] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((dtype) => [dtype, 2] as const),
  ...['I8', 'U8', 'BOOL'].map((dtype) => [dtype, 1] as const),
]);

function dtypeOf(data: TensorData): string {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof BigInt64Array) return 'I64';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/**
 * The header with its length in front; the JSON is padded with spaces so that the data start at a multiple of 8.
 * Throws a plain Error where a shape does not fit its numbers or two tensors share a name: mistakes of the caller.
 */
export function encodeHeader(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  let offset = 0;
  const header = new Map<string, unknown>([['__metadata__', metadata]]);
  for (const { name, shape, data } of tensors) {
    if (header.has(name)) throw new Error(`two tensors are called ${name}`);
    if (elements(shape) !== data.length) {
      throw new Error(`${name}: expected ${elements(shape)} numbers for its shape, received ${data.length}`);
    }
    const dtype = dtypeOf(data);
    header.set(name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] });
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

function fail(file: string, problem: string): never {
  throw new AlexNetError('CHECKPOINT', `${file} is no whole safetensors file: ${problem}`);
}

/** Length of the JSON header, from the file's first 8 bytes. */
export function headerLength(file: string, first: Buffer, fileBytes: number): number {
  if (first.length < 8) fail(file, 'it is shorter than 8 bytes');
  const length = Number(first.readBigUInt64LE(0));
  if (length > longestHeader || 8 + length > fileBytes) {
    fail(
      file,
      `its header claims ${length} bytes, the file has ${fileBytes}; it was cut short, or is of another kind`,
    );
  }
  return length;
}

/** Checks that the tensors fill the file, each of its shape's size, one after the other. */
export function decodeHeader(file: string, json: Buffer, dataBytes: number): Header {
  const text = json.toString('utf8');
  const { __metadata__: metadata = {}, ...tensors } = parseObject(file, text);
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    fail(file, 'its metadata are not strings');
  }
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(tensors)) entries.set(name, entryOf(file, name, value));
  const inOrder = [...entries].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const [name, entry] of inOrder) {
    if (entry.end > dataBytes) {
      fail(file, `${name} ends at byte ${entry.end} of ${dataBytes}; it was cut short`);
    }
    if (entry.begin < end) fail(file, `${name} overlaps the tensor before it`);
    if (entry.begin > end) fail(file, `${entry.begin - end} bytes before ${name} belong to no tensor`);
    ({ end } = entry);
  }
  if (end < dataBytes) fail(file, `${dataBytes - end} bytes at its end belong to no tensor`);
  return { entries, metadata: metadata as Record<string, string> };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(file: string, text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fail(file, 'its header is not JSON');
  }
  if (!isObject(parsed)) return fail(file, 'its header is not an object');
  const seen = new Set<string>();
  for (const name of outermostNames(text)) {
    if (seen.has(name)) fail(file, `it has two tensors called ${name}`);
    seen.add(name);
  }
  return parsed;
}

/** The names in a JSON object's text, repeated ones too, of which JSON.parse keeps the last alone. */
function* outermostNames(text: string): Generator<string> {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if ('{['.includes(character)) depth++;
    else if (']}'.includes(character)) depth--;
    if (character !== '"') continue;
    const start = i++;
    while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
    if (depth === 1) yield JSON.parse(text.slice(start, i + 1)) as string;
  }
}

function entryOf(file: string, name: string, value: unknown): TensorEntry {
  const malformed = (): never => fail(file, `the header's entry of ${name} is malformed`);
  if (!isObject(value)) return malformed();
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !areSizes(shape) || !areSizes(offsets)) return malformed();
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || end < begin) return malformed();
  const each = bytesEach.get(dtype);
  if (each === undefined) return fail(file, `${name} is of an unknown type, ${dtype}`);
  if (end - begin !== elements(shape) * each) {
    fail(file, `${name} has ${end - begin} bytes; expected ${elements(shape) * each} for its shape`);
  }
  return { dtype, shape, begin, end };
}

const areSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);

/** A tensor's bytes as numbers; types that JavaScript has no numbers for (F16, BF16, …) stay bytes. */
export function typed(entry: TensorEntry, bytes: ArrayBuffer): TensorData {
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F64':
      return new Float64Array(bytes);
    case 'I32':
      return new Int32Array(bytes);
    case 'I64':
      return new BigInt64Array(bytes);
    default:
      return new Uint8Array(bytes);
  }
}
