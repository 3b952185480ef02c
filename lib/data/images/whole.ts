/** Whether an image file ends too soon, by its own account of its parts; nothing is decoded. */

import type { ImageKind } from './image-file.js';

/** false also where the place is lost before the end: then it is damaged. */
export function endsTooSoon(bytes: Uint8Array, kind: ImageKind): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return !walks[kind](file);
  } catch (error) {
    // Reads beyond the last byte.
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/** Up to the end, or to where the place is lost; false, or a RangeError, where the file ends before its format does. */
const walks: Readonly<Record<ImageKind, (file: Buffer) => boolean>> = {
  jpeg: (file) => {
    const end = 0xd9;
    const scan = 0xda;
    for (let at = 2; ;) {
      if (file.readUInt8(at) !== 0xff) return true;
      while (file.readUInt8(at) === 0xff) at++;
      const code = file.readUInt8(at);
      if (code === end) return true;
      at += 1 + file.readUInt16BE(at + 1);
      if (code === scan) at = nextMarker(file, at);
    }
  },
  png: (file) => {
    for (let at = 8; ;) {
      const [length, type] = [file.readUInt32BE(at), file.toString('latin1', at + 4, at + 8)];
      at += 12 + length;
      if (type === 'IEND' || at > file.length) return at <= file.length;
      if (!/^[A-Za-z]{4}$/.test(type)) return true;
    }
  },
  gif: (file) => {
    const [extension, picture] = [0x21, 0x2c];
    const table = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
    for (let at = 13 + table(file.readUInt8(10)); ;) {
      const block = file.readUInt8(at);
      if (block === extension) at += 2;
      else if (block === picture) at += 11 + table(file.readUInt8(at + 9));
      else return true;
      while (file.readUInt8(at) !== 0) at += 1 + file.readUInt8(at);
      at++;
    }
  },
  webp: (file) => file.length >= 8 + file.readUInt32LE(4),
  tiff: (file) => {
    const little = file.toString('latin1', 0, 2) === 'II';
    const short = (at: number): number => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
    const long = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
    // BigTIFF's directories are of another layout: at least the first one is there.
    if (short(2) === 43) return long(little ? 8 : 12) < file.length;
    const directory = long(4);
    const entries = short(directory);
    if (directory + 2 + 12 * entries > file.length) return false;
    for (let at = directory + 2; at < directory + 2 + 12 * entries; at += 12) {
      const length = (tiffBytes[short(at + 2)] ?? 1) * long(at + 4);
      if (length > 4 && long(at + 8) + length > file.length) return false;
    }
    return true;
  },
  avif: (file) => {
    for (let at = 0; at < file.length;) {
      const length = file.readUInt32BE(at);
      // 0: up to the end.
      if (length === 0) return true;
      at += length === 1 ? Number(file.readBigUInt64BE(at + 8)) : Math.max(8, length);
      if (at > file.length) return false;
    }
    return true;
  },
};

/** Bytes of a value, by its type's number. */
const tiffBytes: Readonly<Record<number, number>> = { 3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8 };

/** Behind a scan's coded pixels, in which 0xff is followed by 0, or is the mark of a restart. */
function nextMarker(file: Buffer, from: number): number {
  for (let at = file.indexOf(0xff, from); at >= 0; at = file.indexOf(0xff, at + 1)) {
    const code = file.readUInt8(at + 1);
    if (code !== 0 && code !== 0xff && !(code >= 0xd0 && code <= 0xd7)) return at;
  }
  return file.length;
}
