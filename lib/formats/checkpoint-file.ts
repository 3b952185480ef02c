/**
 * Safetensors files that are whole or not there, and that know when they are damaged: written beside and renamed, with a
 * SHA-256 over header and data. The sum stands in the header's metadata; it is taken with its own digits as zeros, so the
 * file is an ordinary safetensors file.
 */

import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AlexNetError } from '../errors.js';
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  typed,
  type NamedTensor,
  type TensorData,
} from './safetensors.js';

export type { NamedTensor } from './safetensors.js';

export interface CheckpointFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: TensorData }>;
  /** False for files of other programs, which carry no checksum. */
  readonly verified: boolean;
}

const key = 'sha256';
const zeros = '0'.repeat(64);
const bytesOf = (data: TensorData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** After this, `path` is the new file, whole and on the disk, or what it was before. */
export async function writeAtomically(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header = encodeHeader(tensors, { ...metadata, [key]: zeros });
  const hash = createHash('sha256').update(header);
  for (const { data } of tensors) hash.update(bytesOf(data));
  const place = header.indexOf(`"${key}":"${zeros}"`) + key.length + 4;
  header.write(hash.digest('hex'), place, 'latin1');

  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await writeAll(file, header);
      for (const { data } of tensors) await writeAll(file, bytesOf(data));
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

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, 2 ** 26));
    done += bytesWritten;
  }
}

/** Makes the renaming itself durable; some systems cannot open folders, and then rename has to be enough. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Throws AlexNetError CHECKPOINT for a file that is missing, cut short, damaged, or no safetensors file. */
export async function readCheckpoint(path: string): Promise<CheckpointFile> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new AlexNetError(
      'CHECKPOINT',
      error.code === 'ENOENT' ? `${path} does not exist` : `${path}: ${error.message}`,
    );
  });
  try {
    const { size } = await file.stat();
    if (size < 8) headerLength(path, Buffer.alloc(0), size);
    const first = await readExactly(file, path, 0, 8);
    const length = headerLength(path, first, size);
    const json = await readExactly(file, path, 8, length);
    const { entries, metadata } = decodeHeader(path, json, size - 8 - length);
    const tensors = new Map<string, { shape: readonly number[]; data: TensorData }>();
    const inOrder = [...entries].toSorted(([, a], [, b]) => a.begin - b.begin);
    const hash = createHash('sha256');
    const claimed = metadata[key];
    if (claimed !== undefined) hash.update(first).update(withoutSum(json, claimed));
    let end = 0;
    for (const [name, entry] of inOrder) {
      const data = await readExactly(file, path, 8 + length + entry.begin, entry.end - entry.begin);
      if (claimed !== undefined) hash.update(data);
      tensors.set(name, { shape: entry.shape, data: typed(entry, data.buffer as ArrayBuffer) });
      end = entry.end;
    }
    if (claimed !== undefined && (hash.digest('hex') !== claimed || end !== size - 8 - length)) {
      throw new AlexNetError(
        'CHECKPOINT',
        `${path} is damaged: its checksum does not match; use another checkpoint`,
      );
    }
    return { metadata, tensors, verified: claimed !== undefined };
  } finally {
    await file.close();
  }
}

function withoutSum(json: Buffer, sum: string): Buffer {
  const copy = Buffer.from(json);
  const place = copy.indexOf(`"${key}":"${sum}"`);
  if (place >= 0) copy.write('0'.repeat(sum.length), place + key.length + 4, 'latin1');
  return copy;
}

/** Into memory of its own, so that tensors are aligned and keep nothing else alive. */
async function readExactly(
  file: FileHandle,
  path: string,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 2 ** 30), position + done);
    if (bytesRead === 0) throw new AlexNetError('CHECKPOINT', `${path} was cut short while it was read`);
    done += bytesRead;
  }
  return bytes;
}
