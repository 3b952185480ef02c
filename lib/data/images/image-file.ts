/** What a file is by its first bytes, whatever its name says, and its bytes when it is an image. */

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

export type ImageKind = 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif';

export interface Reason {
  readonly reason: string;
}

/** Bytes of the largest file that is read: it is in memory as a whole. */
const sizeLimit = 256e6;
/** Bytes that tell kinds apart; text may have a preamble. */
const headLength = 1024;
/** Of larger files the first bytes are checked before the rest is read. */
const readWhole = 4e6;

const latin = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', from, to);

const kinds: readonly (readonly [ImageKind, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n/],
  ['gif', /^GIF8[79]a/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['tiff', /^(?:II[*+]\0|MM\0[*+])/],
  ['avif', /^[^]{4}ftyp(?:avif|avis|mif1)/],
];

/** What else is found among images, with what to do about it. */
const others: readonly (readonly [string, RegExp])[] = [
  ['it is SVG, which can refer to other files; convert it to PNG', /<svg[\s>]/i],
  ['it is a web page, not an image', /<(?:!doctype html|html|head|body)\b/i],
  ['it is PDF, not an image', /^\s*%PDF-/],
  ['it is HEIC; convert it to JPEG', /^[^]{4}ftyp(?:hei|hev|msf1)/],
  ['it is BMP; convert it to PNG', /^BM[^]{8}[^]\0\0\0/],
];

/** Only these kinds are decoded: a decoder for another one, met by accident, might follow a file's references. */
export function kindOf(bytes: Uint8Array): ImageKind | Reason {
  const head = latin(bytes, 0, headLength);
  const kind = kinds.find(([, start]) => start.test(head));
  if (kind) return kind[0];
  const other = others.find(([, start]) => start.test(head));
  return { reason: other?.[0] ?? 'it is not an image this program can read' };
}

/** An image file's bytes. Never throws: what cannot be read has a reason. */
export async function readImageFile(path: string): Promise<Uint8Array | Reason> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe that nobody writes to would block for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await file.stat();
    if (!found.isFile()) return { reason: 'it is not a file' };
    if (found.size === 0) return { reason: 'the file is empty' };
    if (found.size > sizeLimit) return { reason: `it has more than ${sizeLimit / 1e6} MB` };
    return await contents(file, found.size);
  } catch (error) {
    return { reason: whyUnreadable(error as NodeJS.ErrnoException) };
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** All bytes of a file, unless the first ones are no image's. */
async function contents(file: FileHandle, size: number): Promise<Uint8Array | Reason> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let length = 0;
  const readTo = async (end: number): Promise<void> => {
    while (length < end) {
      const { bytesRead } = await file.read(bytes, length, end - length, null);
      if (bytesRead === 0) return;
      length += bytesRead;
    }
  };
  await readTo(size > readWhole ? headLength : size);
  const kind = kindOf(bytes.subarray(0, length));
  if (typeof kind !== 'string') return kind;
  await readTo(size);
  return bytes.subarray(0, length);
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the file does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it';
    case 'ELOOP':
      return 'it is a link that leads to itself';
    case 'EISDIR':
    case 'ENXIO':
      return 'it is not a file';
    default:
      return `it cannot be read (${code ?? message})`;
  }
}
