/**
 * Safetensors files that are complete or absent, and whose damage is detected: each is written under another name and renamed,
 * with a SHA-256 over header and data. The sum is in the header's metadata and is computed with its own digits as zeros, so the
 * file is an ordinary safetensors file.
 */

import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AlexNetError } from '../errors.js';
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  typed,
  type NamedTensor,
  type TensorData,
} from './safetensors.js';
import { removeAbandoned, temporaryName } from './temporary.js';

export type { NamedTensor } from './safetensors.js';

export interface CheckpointFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: TensorData }>;
  /** False for files of other programs, which carry no checksum. */
  readonly verified: boolean;
}

// The value says by itself what it is: a flipped bit in the key must not turn a checksum into somebody's note.
const key = 'checksum';
const prefix = 'alexnet-native sha256 ';
const zeros = '0'.repeat(64);
const bytesOf = (data: TensorData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Bytes written or read at a time; a piece is hashed while it is being written. */
const piece = 2 ** 24;

/**
 * After this, `path` is the new file, whole and on the disk; or, after an AlexNetError CHECKPOINT, what it was before.
 * The tensors must not change meanwhile.
 */
export async function writeAtomically(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header = encodeHeader(tensors, { ...metadata, [key]: prefix + zeros });
  const hash = createHash('sha256');
  await removeAbandoned(path);
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'w');
    try {
      let position = await writeAt(file, header, 0, hash);
      for (const { data } of tensors) position += await writeAt(file, bytesOf(data), position, hash);
      await writeAt(file, Buffer.from(hash.digest('hex'), 'latin1'), digitsAt(header, zeros));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOSPC' ? 'no space left on the disk' : message;
    throw new AlexNetError(
      'CHECKPOINT',
      `${path} could not be written: ${problem}; what was there before is untouched`,
    );
  }
  await syncFolder(dirname(path));
}

/** Where the digits of the sum stand in a header; -1 where they are not. */
function digitsAt(header: Buffer, digits: string): number {
  const before = `${JSON.stringify(key)}:"${prefix}`;
  const found = header.indexOf(`${before}${digits}"`);
  return found < 0 ? found : found + before.length;
}

/** Resolves to the number of bytes. */
async function writeAt(file: FileHandle, bytes: Uint8Array, position: number, hash?: Hash): Promise<number> {
  for (let done = 0; done < bytes.length;) {
    const next = bytes.subarray(done, done + piece);
    const writing = file.write(next, 0, next.length, position + done);
    hash?.update(next);
    const { bytesWritten } = await writing;
    if (bytesWritten < next.length)
      await writeAt(file, next.subarray(bytesWritten), position + done + bytesWritten);
    done += next.length;
  }
  return bytes.length;
}

/** Makes the renaming itself durable; some systems cannot open folders, and then rename has to be enough. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/**
 * All tensors of a safetensors file, each in memory of its own. Throws AlexNetError CHECKPOINT for a file that is missing,
 * cut short, damaged, or no safetensors file.
 */
export async function readCheckpoint(path: string): Promise<CheckpointFile> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new AlexNetError(
      'CHECKPOINT',
      error.code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read: ${error.message}`,
    );
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new AlexNetError('CHECKPOINT', `${path} is not a file`);
    const first = await readExactly(file, path, 0, Math.min(8, found.size));
    const length = headerLength(path, first, found.size);
    const json = await readExactly(file, path, 8, length);
    const { entries, metadata } = decodeHeader(path, json, found.size - 8 - length);
    const claimed = claimedSum(path, metadata);
    const hash = claimed === undefined ? undefined : createHash('sha256');
    hash?.update(first).update(withZeros(path, json, claimed ?? ''));
    const tensors = new Map<string, { shape: readonly number[]; data: TensorData }>();
    // The header's check left neither gaps nor overlaps: in this order the tensors are all that follows it.
    for (const [name, entry] of [...entries].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
      const data = await readExactly(file, path, 8 + length + entry.begin, entry.end - entry.begin, hash);
      tensors.set(name, { shape: entry.shape, data: typed(entry, data.buffer as ArrayBuffer) });
    }
    if (hash && hash.digest('hex') !== claimed) damaged(path);
    return { metadata, tensors, verified: hash !== undefined };
  } finally {
    await file.close();
  }
}

function damaged(path: string): never {
  throw new AlexNetError(
    'CHECKPOINT',
    `${path} is damaged (checksum does not match); use another checkpoint`,
  );
}

/** The digits of the sum; undefined for a file that never had one. */
function claimedSum(path: string, metadata: Readonly<Record<string, string>>): string | undefined {
  const value = metadata[key];
  if (value?.startsWith(prefix)) return value.slice(prefix.length);
  // Ours, with a flipped bit in the key or in the value's prefix.
  const marked = Object.values(metadata).some((other) => other.startsWith(prefix));
  if (marked || (value !== undefined && value.length === prefix.length + zeros.length)) damaged(path);
  return undefined;
}

/** The header as it was when the sum was taken. */
function withZeros(path: string, json: Buffer, digits: string): Buffer {
  const place = digitsAt(json, digits);
  if (place < 0 || digits.length !== zeros.length) damaged(path);
  const copy = Buffer.from(json);
  copy.write(zeros, place, 'latin1');
  return copy;
}

/** Into memory of its own, so that tensors are aligned and keep nothing else alive. */
async function readExactly(
  file: FileHandle,
  path: string,
  position: number,
  length: number,
  hash?: Hash,
): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, piece), position + done);
    if (bytesRead === 0) throw new AlexNetError('CHECKPOINT', `${path} was cut short while it was read`);
    hash?.update(bytes.subarray(done, done + bytesRead));
    done += bytesRead;
  }
  return bytes;
}
